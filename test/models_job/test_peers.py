"""Several instances of one job on this machine, each at an address of its own: together they leave what one alone does."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from support import WITHIN_SECONDS, JobCase, lines_of

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.3", 0))
        return int(probe.getsockname()[1])


class PeersTest(JobCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.base
        self.port = free_port()

    def instance(self, host: str, hosts: tuple[str, ...], befalls: str = "", silence: str = "30") -> subprocess.Popen[str]:
        self.base = self.new_base(self.first.with_name(f"{host}-of-{len(hosts)}-{befalls.replace('@', '')}"))
        (self.base / "input/config/resourceconfig.json").write_text(json.dumps({"current_host": host, "hosts": list(hosts)}))
        self.hyperparameters(members="7", usd_per_hour="1")
        return self.start(befalls, PLIMSOLL_JOB_PORT=str(self.port), PLIMSOLL_JOB_SILENCE_S=silence)

    def alone(self) -> str:
        self.base = self.new_base(self.first.with_name("alone"))
        self.hyperparameters(members="7")
        self.assertEqual(self.run_job().returncode, 0)
        return self.model_hash()

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str, str]:
        try:
            out, err = process.communicate(timeout=WITHIN_SECONDS)
        finally:
            process.kill()
        return process.returncode, out, err

    def test_share_the_units_and_the_first_leaves_the_model_of_one_alone(self) -> None:
        alone = self.alone()
        for hosts in (HOSTS[:2], HOSTS):
            with self.subTest(hosts=len(hosts)):
                others = [self.instance(host, hosts) for host in hosts[1:]]
                bases = [self.first.with_name(f"{host}-of-{len(hosts)}-") for host in hosts[1:]]
                code, out, err = self.ended(self.instance(hosts[0], hosts))
                self.assertEqual((code, err), (0, ""))
                self.assertEqual(self.model_hash(), alone)
                self.assertEqual(lines_of(out, "note"), [])
                # What another did is no unit of an earlier attempt, and costs nothing twice.
                self.assertEqual(self.record()["resumed"]["units"], 0)
                self.assertEqual([self.ended(other)[0] for other in others], [0] * len(others))
                for rank, base in enumerate(bases, 1):
                    done = sorted(path.name for path in base.glob("checkpoints/*/*.checkpoint"))
                    self.assertEqual(done, [f"member-{k}.checkpoint" for k in range(7) if k % len(hosts) == rank])
                    self.assertEqual(list((base / "model").iterdir()), [])
                    record = json.loads((base / f"output/data/run-{hosts[rank]}.json").read_text())
                    self.assertEqual((record["status"], record["instances"]["rank"]), ("done", rank))
                    self.assertAlmostEqual(record["cost"]["usd"], record["wall_seconds"] * len(hosts) / 3_600, places=4)

    def test_that_is_not_there_or_was_killed_leaves_its_share_to_the_first(self) -> None:
        alone = self.alone()
        hosts = HOSTS[:2]
        killed = self.instance(hosts[1], hosts, "kill@3")
        self.assertEqual(self.ended(killed)[0], -signal.SIGKILL)
        code, out, _ = self.ended(self.instance(hosts[0], hosts, silence="0.2"))
        self.assertEqual((code, self.model_hash()), (0, alone))
        notes = [note["text"] for note in lines_of(out, "note")]
        self.assertEqual(notes, [f"127.0.0.2 does not answer: unit member-{k} is done here" for k in (1, 3, 5)])

    def test_take_what_an_attempt_before_left(self) -> None:
        alone = self.alone()
        checkpoints = self.base / "checkpoints"
        process = self.instance(HOSTS[0], HOSTS[:2], silence="0.2")
        # SageMaker has them there before the job begins.
        self.ended(process)
        for path in checkpoints.rglob("*.checkpoint"):
            place = self.base / "checkpoints" / path.parent.name / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
        code, out, _ = self.ended(self.start(PLIMSOLL_JOB_PORT=str(self.port), PLIMSOLL_JOB_SILENCE_S="0.2"))
        self.assertEqual((code, self.model_hash()), (0, alone))
        self.assertEqual((self.record()["resumed"]["units"], lines_of(out, "note")), (7, []))

    def test_leave_when_they_are_told_to(self) -> None:
        other = self.instance(HOSTS[1], HOSTS[:2])
        base = self.base
        while not list(base.glob("checkpoints/*/member-5.checkpoint")):
            self.assertIsNone(other.poll())
        other.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(other)[0], 143)

    def test_hand_out_units_and_nothing_else(self) -> None:
        other = self.instance(HOSTS[1], HOSTS[:2])
        base = self.base
        while not list(base.glob("checkpoints/*/member-5.checkpoint")):
            self.assertIsNone(other.poll())
        for path in ("/units/member-2", "/units/../../input/config/hyperparameters.json", "/units/", "/", "/input"):
            with self.subTest(path=path), self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"http://127.0.0.2:{self.port}{path}", timeout=10)
            refused.exception.close()
            self.assertEqual(refused.exception.code, 404)
        [identity] = [path.name for path in (base / "checkpoints").iterdir()]
        with urllib.request.urlopen(f"http://127.0.0.2:{self.port}/units/member-1", timeout=10) as answer:
            self.assertEqual(answer.read(), Path(base / "checkpoints" / identity / "member-1.checkpoint").read_bytes())
        with urllib.request.urlopen(f"http://127.0.0.2:{self.port}/over", timeout=10) as answer:
            answer.read()
        self.assertEqual(self.ended(other)[0], 0)

    def test_what_is_handed_over_damaged_is_done_here(self) -> None:
        alone = self.alone()
        with Garbage(self.port):
            code, out, _ = self.ended(self.instance(HOSTS[0], HOSTS[:2], silence="0.2"))
        self.assertEqual((code, self.model_hash()), (0, alone))
        self.assertEqual(len(lines_of(out, "note")), 3)

    def test_a_port_that_is_taken_is_said(self) -> None:
        with socket.create_server(("127.0.0.2", self.port)):
            code, _, err = self.ended(self.instance(HOSTS[1], HOSTS[:2]))
        self.assertEqual(code, 1)
        self.assertRegex(err, "JOB_PEERS: 127.0.0.2 cannot be asked for its units")


class Garbage:
    """Answers whatever it is asked with bytes that are no checkpoint."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __enter__(self) -> None:
        import http.server
        import threading

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "7")
                self.end_headers()
                self.wfile.write(b"garbage")

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.2", self._port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    unittest.main()
