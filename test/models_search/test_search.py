"""Whole searches over tables whose truth is known: what they find, what they do not, and that a kill changes nothing."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np

from plimsoll_models.job import JobError, run
from plimsoll_models.job.determinism import settings
from plimsoll_models.job.progress import metric_regex
from plimsoll_models.search.__main__ import Parameters, work
from plimsoll_models.search.budget import Budget
from plimsoll_models.search.deflation import deflated, effective_trials, expected_maximum, moments
from plimsoll_models.search.estimators import SEARCHED, chosen
from plimsoll_models.search.leaderboard import leaderboard_of
from plimsoll_models.search.tables import Judging, ground_of
from plimsoll_models.search.trial import Choice, Outcome, tried
from tables import write_table

TRIALS = 12
SEARCH = {
    "trials": TRIALS,
    "block_rows": 40,
    "folds": 3,
    "embargo_hours": 2,
    "estimators": "logistic-regression,gaussian-bayes,decision-tree-classifier",
}
JUDGING = Judging(folds=3, embargo_hours=2, block_rows=40)
# A job starts its program again under other settings, and here that program is the tests.
assert all(os.environ.get(name) == value for name, value in settings(seed=0, threads=1).items()), "start with the settings of seed 0"
holder = tempfile.TemporaryDirectory(prefix="plimsoll-search-")
unittest.addModuleCleanup(holder.cleanup)


class Search:
    """One search by the contract, in a folder of its own."""

    def __init__(self, name: str, **hyperparameters: Any) -> None:
        self.base = Path(holder.name) / name
        (self.base / "input/config").mkdir(parents=True)
        given = {key: str(value) for key, value in {**SEARCH, **hyperparameters}.items()}
        (self.base / "input/config/hyperparameters.json").write_text(json.dumps(given))

    def table(self, channel: str, **about: Any) -> Search:
        write_table(self.base / "input/data" / channel, **about)
        return self

    def run(self) -> tuple[int, str]:
        """The exit code, and what was told."""
        told = io.StringIO()
        os.environ["PLIMSOLL_ML_FOLDER"] = str(self.base)
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            code = run(Parameters, work)
        return code, told.getvalue()

    def run_and_kill(self, after: int) -> int:
        """Runs it in a process of its own, which is killed when it has told of so many trials. The signal that ended it."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(write, 1)
            os.environ["PLIMSOLL_ML_FOLDER"] = str(self.base)
            os._exit(run(Parameters, work))
        os.close(write)
        with open(read) as told:
            for line in told:
                if f'"step": {after},' in line:
                    os.kill(child, signal.SIGKILL)
                    break
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def failure(self) -> str:
        return (self.base / "output/failure").read_text()

    def board_bytes(self) -> bytes:
        return (self.base / "model/leaderboard.json").read_bytes()

    def board(self) -> dict[str, Any]:
        return json.loads(self.board_bytes())

    def checkpoints(self) -> int:
        return len(list(self.base.glob("checkpoints/*/*.checkpoint")))


def planted(name: str) -> Search:
    """The second of two tables has a signal."""
    return Search(name).table("train-0", strength=0.0).table("train-1", strength=0.3, skip=20)


class SearchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.planted = planted("planted")
        cls.code, cls.told = cls.planted.run()

    def test_a_planted_signal_is_found_and_is_first(self) -> None:
        self.assertEqual(self.code, 0, self.told)
        found = self.planted.board()
        self.assertTrue(found["found"], found["verdict"])
        first = found["board"][0]
        self.assertEqual((first["table"], first["standing"]), ("train-1", "found"))
        self.assertGreater(first["deflated"], 0.999)
        self.assertGreater(first["gain"], 0.1)
        self.assertEqual(sorted(place["trial"] for place in found["board"]), list(range(TRIALS)))
        of_noise = [place for place in found["board"] if place["table"] == "train-0"]
        self.assertGreater(len(of_noise), 0)
        self.assertEqual({place["standing"] for place in of_noise}, {"loses"})
        # The rows that both tables have.
        self.assertEqual((found["rows"], found["blocks"], found["budget"]["metBy"]), (880, 22, "trials"))

    def test_a_trial_tells_its_gain_in_a_line_that_a_tuning_job_reads(self) -> None:
        told = [float(gain) for gain in re.findall(metric_regex("gain"), self.told)]
        by_trial = {place["trial"]: place["gain"] for place in self.planted.board()["board"]}
        self.assertEqual(told, [by_trial[number] for number in range(TRIALS)])

    def test_the_record_says_what_was_spent_and_found(self) -> None:
        record = json.loads((self.planted.base / "output/data/run.json").read_text())
        self.assertEqual((record["metrics"]["found"], record["metrics"]["trials"]), (1.0, float(TRIALS)))
        self.assertGreater(record["metrics"]["spent_minutes"], 0)
        self.assertEqual(sorted(record["model"]), ["gains.json", "leaderboard.json"])

    def test_in_pure_noise_nothing_is_found(self) -> None:
        for seed in (1, 3):
            with self.subTest(seed=seed):
                search = Search(f"noise-{seed}").table("train", strength=0.0, seed=seed)
                self.assertEqual(search.run()[0], 0)
                found = search.board()
                self.assertFalse(found["found"])
                self.assertTrue(found["verdict"].startswith("Nothing was found."), found["verdict"])
                self.assertNotIn("found", {place["standing"] for place in found["board"]})

    def test_killed_within_it_comes_to_the_same_board(self) -> None:
        search = planted("killed")
        self.assertEqual(search.run_and_kill(after=4), -signal.SIGKILL)
        kept = search.checkpoints()
        self.assertTrue(4 <= kept < TRIALS, kept)
        self.assertEqual(search.run()[0], 0)
        self.assertEqual(json.loads((search.base / "output/data/run.json").read_text())["resumed"]["units"], kept)
        self.assertEqual(search.board_bytes(), self.planted.board_bytes())

    def test_bad_budgets_are_refused_before_any_work(self) -> None:
        refused = {
            "trials is '0', not from 1 to 1000": {"trials": 0},
            "minutes is '0', not from 0.01 to 10080": {"minutes": 0},
            "usd is '-3', not from 0.01 to 100000": {"usd": -3},
            "SEARCH_BUDGET: the budget is 5 USD, and an hour of the machine has no price": {"usd": 5},
        }
        for number, (reason, given) in enumerate(refused.items()):
            with self.subTest(reason=reason):
                search = Search(f"bad-{number}", **given).table("train", strength=0.0)
                self.assertEqual(search.run()[0], 2)
                self.assertIn(reason, search.failure())
                self.assertEqual(search.checkpoints(), 0)

    def test_money_that_lasts_for_no_trial_is_said(self) -> None:
        search = Search("poor", usd=0.01, usd_per_hour=10_000).table("train", strength=0.0)
        self.assertEqual(search.run()[0], 1)
        self.assertIn("SEARCH_NO_TRIAL: the budget of usd was met before one trial was over", search.failure())

    def test_other_tables_channels_and_estimators_than_can_be_searched_are_refused(self) -> None:
        cases = (
            ("SEARCH_TABLES_DIFFER", "the closes of train-1 are others", {"train-0": {}, "train-1": {"prices": 9}}, {}),
            ("SEARCH_TABLES_DIFFER", "680 rows in common, of up to 900", {"train-0": {}, "train-1": {"skip": 220}}, {}),
            ("SEARCH_TABLES", "a channel is called validation", {"train": {}, "validation": {}}, {}),
            ("SEARCH_TABLES", "there are 0 channels", {}, {}),
            ("SEARCH_ROWS", "900 times are 9 blocks of 100", {"train": {}}, {"block_rows": 100}),
            ("SEARCH_ESTIMATOR", "'oracle' is none that can be searched", {"train": {}}, {"estimators": "oracle"}),
        )
        for number, (code, reason, channels, given) in enumerate(cases):
            with self.subTest(reason=reason):
                search = Search(f"refused-{number}", **given)
                for channel, about in channels.items():
                    search.table(channel, strength=0.0, **about)
                self.assertNotEqual(search.run()[0], 0)
                self.assertTrue(search.failure().startswith(f"{code}: "), search.failure())
                self.assertIn(reason, search.failure())


class PartsTest(unittest.TestCase):
    def test_the_first_bound_to_be_met_ends_it(self) -> None:
        budget = Budget(trials=10, minutes=2, usd=0.5, usd_per_hour=30)
        self.assertEqual(budget.seconds, 60)
        self.assertEqual([budget.met(9, 59), budget.met(10, 59), budget.met(9, 60)], [None, "trials", "usd"])
        self.assertEqual(Budget(10, 1, 5, 30).met(9, 60), "minutes")
        self.assertIsNone(Budget(10, 1, None, 0).met(9, 59))

    def test_an_estimator_that_fails_is_marked_and_last(self) -> None:
        folder = Path(holder.name) / "failing"
        write_table(folder, strength=0.3)
        ground = ground_of({"train": folder}, JUDGING)
        entry = SEARCHED["logistic-regression"]
        ways = [tried(entry, {"C": value}, ground.candidates["train"], ground, 0, lambda: None) for value in (-1.0, 1.0)]
        board = leaderboard_of([(Choice(number, "train", entry.name, {}), way) for number, way in enumerate(ways)])
        self.assertEqual([(place.choice.number, place.standing) for place in board.places], [(1, "found"), (0, "failed")])
        self.assertIn("InvalidParameterError", board.places[1].reason or "")

    def test_what_comes_first_of_the_desk_can_be_searched_support_vectors_with_a_sigmoid(self) -> None:
        desk = ("random-forest", "gradient-boosting", "lightgbm", "support-vectors", "perceptron")
        self.assertLessEqual({f"{name}-classifier" for name in desk} | {"logistic-regression"}, set(chosen(())))
        folder = Path(holder.name) / "vectors"
        write_table(folder, strength=0.3)
        ground = ground_of({"train": folder}, JUDGING)
        entry = SEARCHED["support-vectors-classifier"]
        outcome = tried(entry, {"C": 1.0, "gamma": 0.01}, ground.candidates["train"], ground, 0, lambda: None)
        self.assertGreater(np.mean(outcome.gains), 0.05)
        self.assertEqual(Outcome.from_bytes(outcome.to_bytes()).gains.tolist(), outcome.gains.tolist())

    def test_many_trials_without_skill_are_held_against_the_best_that_luck_shows(self) -> None:
        draws = np.random.default_rng(5).normal(size=(200, 40))
        best = max((moments(gains) for gains in draws), key=lambda one: one.t_ratio)
        worth = effective_trials(list(draws))
        self.assertGreater(worth, 190)
        self.assertAlmostEqual(expected_maximum(worth), best.t_ratio, delta=0.7)
        self.assertGreater(deflated(best, 0.0), 0.99)
        self.assertLess(deflated(best, expected_maximum(worth)), 0.9)
        board = leaderboard_of([(Choice(number, "train", "any", {}), Outcome(gains)) for number, gains in enumerate(draws)])
        self.assertEqual((board.is_found, board.places[0].standing), (False, "unsure"))

    def test_the_same_trial_again_is_worth_nothing(self) -> None:
        gains = np.random.default_rng(5).normal(size=40)
        self.assertEqual([effective_trials([]), effective_trials([gains]), effective_trials([gains, gains, gains])], [0.0, 1.0, 1.0])
        self.assertEqual(expected_maximum(1.0), 0.0)
        self.assertIsNone(moments(np.zeros(40)))
        with self.assertRaises(JobError):
            chosen(("logistic-regression", "logistic-regression"))


if __name__ == "__main__":
    unittest.main()
