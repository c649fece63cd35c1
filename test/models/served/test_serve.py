"""A server of models: what it answers, what it refuses, and that it opens no file before its hash was seen."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np

from plimsoll_models.export.library_file import open_library_file
from plimsoll_models.serve.versions import shelf_of
from support import FEATURES, Server, pickles, shelve, table, write_version

QUICK = ("nearest-neighbours-classifier", "gaussian-process-classifier", "perceptron", "lightgbm")
holder = tempfile.TemporaryDirectory(prefix="plimsoll-serve-")
unittest.addModuleCleanup(holder.cleanup)
ROOT = Path(holder.name)
TABLE = table()
MEMBERS = pickles(QUICK, TABLE)
ROW = TABLE.rows[0].tolist()


class Trap:
    """Whoever opens it leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return os.mkdir, (str(self.mark),)


class AnswersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.version, _ = shelve(ROOT / "answers", "gold", MEMBERS)
        cls.other, _ = shelve(ROOT / "answers", "silver", {"lightgbm": MEMBERS["lightgbm"]})
        cls.server = Server("--folder", str(ROOT / "answers"), "--port", "0")
        cls.addClassCleanup(cls.server.kill)

    def up(self, rows: np.ndarray) -> np.ndarray:
        status, answer = self.server.ask({"version": self.version, "rows": rows.tolist()}, "/endpoints/gold/invocations")
        self.assertEqual((status, set(answer), answer["version"]), (200, {"version", "up"}, self.version))
        return np.array(answer["up"])

    def test_it_tells_what_it_serves(self) -> None:
        told = self.server.told
        expected = [{"model": "gold", "version": self.version}, {"model": "silver", "version": self.other}]
        self.assertEqual((told["plimsoll"], told["versions"], told["refused"]), ("serving", expected, []))
        self.assertEqual(self.server.send("GET", "/ping"), (200, None))

    def test_each_member_says_what_its_library_says(self) -> None:
        up = self.up(TABLE.rows[:1_000])
        self.assertEqual(up.shape, (1_000, len(QUICK)))
        for column, name in enumerate(QUICK):
            said = open_library_file(MEMBERS[name]).up(TABLE.rows[:1_000])
            self.assertLess(np.abs(up[:, column] - said).max(), 1e-12)

    def test_a_row_is_answered_alike_alone_and_among_others(self) -> None:
        together = self.up(TABLE.rows[:300])
        for at in (0, 1, 47, 48, 149, 299):
            np.testing.assert_array_equal(self.up(TABLE.rows[at : at + 1])[0], together[at])
        np.testing.assert_array_equal(self.up(TABLE.rows[5:105]), together[5:105])

    def test_bad_questions_are_named(self) -> None:
        ask = {"version": self.version, "rows": [ROW]}
        bad: list[tuple[object, str]] = [
            ({**ask, "version": "f" * 16}, f"there is no version {'f' * 16} here"),
            ({**ask, "version": self.version[:15]}, "16 hex digits"),
            ({**ask, "version": 7}, "16 hex digits"),
            ({**ask, "rows": [ROW[:-1]]}, f"row 0 is {len(FEATURES) - 1} numbers, and {len(FEATURES)} features are wanted"),
            ({**ask, "rows": [ROW, [*ROW, 1.0]]}, f"row 1 is {len(FEATURES) + 1} numbers"),
            ({**ask, "rows": [7]}, "row 0 is no list"),
            ({**ask, "rows": [[float("nan"), *ROW[1:]]]}, "the feature f0 of row 0 is nan"),
            ({**ask, "rows": [ROW, [*ROW[:-1], float("-inf")]]}, "the feature f11 of row 1 is -inf"),
            ({**ask, "rows": [[10**400, *ROW[1:]]]}, "the feature f0 of row 0 is inf"),
            ({**ask, "rows": [[None, *ROW[1:]]]}, "the feature f0 of row 0 is no number"),
            ({**ask, "rows": [["1", *ROW[1:]]]}, "the feature f0 of row 0 is no number"),
            ({**ask, "rows": [[True, *ROW[1:]]]}, "the feature f0 of row 0 is no number"),
            ({**ask, "rows": [ROW] * 1_001}, "there are 1001 rows, and 1 to 1000 are answered"),
            ({**ask, "rows": []}, "there are 0 rows"),
            ({**ask, "rows": {}}, "no list of rows"),
            ({**ask, "more": 1}, 'no object of "version" and "rows"'),
            ([], 'no object of "version" and "rows"'),
        ]
        for question, words in bad:
            with self.subTest(words):
                status, answer = self.server.ask(question)
                self.assertEqual(status, 400)
                self.assertIn(words, answer["error"])

    def test_what_is_no_question_is_named(self) -> None:
        post = ("POST", "/invocations")
        for body in (b"garbage", b"", b'{"version": "', b"\xff\xfe", b"[" * 100_000):
            with self.subTest(body[:10]):
                self.assertEqual(self.server.send(*post, body)[0], 400)
        self.assertEqual(self.server.send(*post, b"x", **{"Content-Length": "25000001"})[0], 413)
        self.assertEqual(self.server.send(*post, b"x", **{"Content-Length": "-1"})[0], 411)
        self.assertEqual(self.server.send("POST", "/elsewhere", b"{}")[0], 404)
        self.assertEqual(self.server.send("GET", "/invocations")[0], 404)

    def test_a_question_that_ends_within_itself_is_refused(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.told["port"]), timeout=20) as connection:
            connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{")
            connection.shutdown(socket.SHUT_WR)
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 400 "))

    def test_an_endpoint_answers_for_its_own_model_alone(self) -> None:
        question = {"version": self.version, "rows": [ROW]}
        status, answer = self.server.ask(question, "/endpoints/silver/invocations")
        self.assertEqual(status, 400)
        self.assertIn(f"there is no version {self.version} of silver here; there is {self.other}", answer["error"])
        self.assertEqual(self.server.ask(question, "/endpoints/../invocations")[0], 404)


class FilesTest(unittest.TestCase):
    """What lies in the folder is not what was trained."""

    def setUp(self) -> None:
        self.shelf = Path(tempfile.mkdtemp(dir=ROOT))
        self.mark = self.shelf / "opened"

    def refused(self, words: str) -> None:
        """The one version of the folder is refused with these words, and nothing of it was opened."""
        shelf = shelf_of(self.shelf)
        ((_, _, why),) = shelf.refused
        self.assertIn(words, why)
        self.assertEqual(shelf.versions, {})
        self.assertFalse(self.mark.exists())

    def version(self, **given: Any) -> Path:
        return shelve(self.shelf, "gold", {"lightgbm": MEMBERS["lightgbm"]}, **given)[1]

    def test_a_pickle_that_was_exchanged_is_not_opened(self) -> None:
        (self.version() / "lightgbm.pickle").write_bytes(pickle.dumps(Trap(self.mark)))
        why = "lightgbm.pickle is not the file that was registered, and was not opened"
        self.refused(why)
        server = Server("--folder", str(self.shelf), "--port", "0")
        self.addCleanup(server.kill)
        (refused,) = server.told["refused"]
        self.assertIn(why, refused["why"])
        status, answer = server.send("GET", "/ping")
        self.assertEqual(status, 503)
        self.assertIn(why, answer["error"])
        status, answer = server.ask({"version": refused["version"], "rows": [ROW]})
        self.assertEqual(status, 400)
        self.assertIn(why, answer["error"])
        self.assertFalse(self.mark.exists())

    def test_a_pickle_that_runs_programs_is_refused_whatever_its_hash(self) -> None:
        shelve(self.shelf, "gold", {"lightgbm": pickle.dumps(Trap(self.mark))}, libraries={})
        self.refused("mkdir, which no model has")

    def test_a_pickle_cut_short_is_not_opened(self) -> None:
        file = self.version() / "lightgbm.pickle"
        file.write_bytes(file.read_bytes()[:-1])
        self.refused("was not opened")

    def test_a_pickle_that_is_not_there(self) -> None:
        (self.version() / "lightgbm.pickle").unlink()
        self.refused("lightgbm.pickle is not there")

    def test_a_pickle_of_something_else(self) -> None:
        shelve(self.shelf, "gold", {"lightgbm": pickle.dumps({"format": "another"})}, libraries={})
        self.refused("not of the format plimsoll-library/1")

    def test_a_manifest_that_was_changed_or_cut_short(self) -> None:
        for change in (lambda text: text[: len(text) // 2], lambda text: text.replace(b'"f0"', b'"f9"'), lambda _: b""):
            file = self.version() / "manifest.json"
            file.write_bytes(change(file.read_bytes()))
            self.refused("manifest.json is not the one of")
            file.unlink()
            self.refused("manifest.json is not there")
            for left in file.parent.iterdir():
                left.unlink()
            file.parent.rmdir()

    def test_a_manifest_cut_short_where_the_folder_is_the_version(self) -> None:
        write_version(self.shelf, {"lightgbm": MEMBERS["lightgbm"]})
        file = self.shelf / "manifest.json"
        file.write_bytes(file.read_bytes()[:-10])
        self.refused("manifest.json is no JSON")

    def test_a_manifest_that_names_no_such_version(self) -> None:
        for changes, words in (
            ({"format": "plimsoll-model/2"}, "is of the format 'plimsoll-model/2'"),
            ({"served": "native"}, "it needs no server"),
            ({"members": []}, "does not name features, members and files"),
            ({"features": "f0"}, "does not name features, members and files"),
            ({"members": [{"name": "x", "file": "../x"}]}, "has no hash of '../x'"),
            ({"files": {"../x": "0" * 64}, "members": [{"name": "x", "file": "../x"}]}, "has no hash of 'card.json'"),
        ):
            with self.subTest(words):
                place = self.version(**changes)
                self.refused(words)
                for left in place.iterdir():
                    left.unlink()
                place.rmdir()

    def test_a_library_of_another_version(self) -> None:
        self.version(libraries={"lightgbm": "1.0.0", "sklearn": "0.1"})
        self.refused("it was trained with sklearn 0.1, which is ")

    def test_a_card_that_was_changed(self) -> None:
        place = self.version()
        (place / "card.json").write_text("{}")
        self.refused("card.json is not the file that was registered")

    def test_a_card_without_libraries(self) -> None:
        self.version(libraries=[])
        self.refused("card.json does not say by which libraries it was made")

    def test_one_that_is_refused_leaves_the_others_be(self) -> None:
        good, _ = shelve(self.shelf, "gold", {"lightgbm": MEMBERS["lightgbm"]})
        bad, place = shelve(self.shelf, "silver", {"perceptron": MEMBERS["perceptron"]})
        (place / "perceptron.pickle").unlink()
        server = Server("--folder", str(self.shelf), "--port", "0")
        self.addCleanup(server.kill)
        self.assertEqual(server.send("GET", "/ping")[0], 503)
        self.assertEqual(server.ask({"version": good, "rows": [ROW]})[0], 200)
        self.assertEqual(server.ask({"version": bad, "rows": [ROW]})[0], 400)


class ProcessTest(unittest.TestCase):
    def setUp(self) -> None:
        self.base = Path(tempfile.mkdtemp(dir=ROOT))
        self.version = write_version(self.base / "model", {"lightgbm": MEMBERS["lightgbm"]})

    def start(self, *arguments: str, **environment: str) -> Server:
        server = Server(*arguments, **environment)
        self.addCleanup(server.kill)
        return server

    def test_a_container_of_sagemaker_serves_the_folder_itself_under_any_name(self) -> None:
        server = self.start("--port", "0", "serve", PLIMSOLL_ML_FOLDER=str(self.base))
        self.assertEqual(server.told["versions"], [{"model": None, "version": self.version}])
        question = {"version": self.version, "rows": [ROW]}
        self.assertEqual(server.ask(question)[0], 200)
        self.assertEqual(server.ask(question, "/endpoints/any-name/invocations")[0], 200)

    def test_it_ends_when_it_is_told_to(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.start("--folder", str(self.base / "model"), "--port", "0")
            # A connection that is kept open holds nothing up.
            with socket.create_connection(("127.0.0.1", server.told["port"])):
                server.process.send_signal(number)
                self.assertEqual(server.ended(), (0, ""))

    def test_it_ends_with_who_started_it(self) -> None:
        server = self.start("--folder", str(self.base / "model"), "--port", "0", PLIMSOLL_JOB_PARENT="stdin")
        self.assertEqual(server.ended(), (0, ""))

    def test_wrong_use_is_said(self) -> None:
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        folder = str(self.base / "model")
        for arguments, code, words in (
            (("--folder", str(self.base / "nowhere")), 2, "there is no folder"),
            (("--folder", folder, "--port", "70000"), 2, "is no port"),
            (("--folder", folder, "--prt", "1"), 2, "invalid choice"),
            (("--folder", folder, "--port", str(taken.getsockname()[1])), 1, "cannot be used"),
        ):
            with self.subTest(words):
                server = self.start(*arguments)
                got, err = server.ended()
                self.assertEqual(got, code)
                self.assertIn(words, err)

    def test_an_empty_folder_serves_nothing(self) -> None:
        (self.base / "empty").mkdir()
        server = self.start("--folder", str(self.base / "empty"), "--port", "0")
        status, answer = server.send("GET", "/ping")
        self.assertEqual((status, json.dumps(answer["error"])), (503, '"no version lies in the folder"'))


if __name__ == "__main__":
    unittest.main()
