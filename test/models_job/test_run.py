"""Whole jobs in processes of their own: what they leave, how they fail, and that a kill costs nothing finished."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import unittest

from support import WITHIN_SECONDS, JobCase, lines_of


class RunTest(JobCase):
    def test_leaves_the_model_and_its_record(self) -> None:
        self.hyperparameters(members="4", seed="7", usd_per_hour="36")
        done = self.run_job()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        record = self.record()
        self.assertEqual((record["schema"], record["status"], record["entry"]), (1, "done", "workload"))
        self.assertEqual(record["hyperparameters"], {"members": 4, "rate": 0.5, "kind": "tree", "leaves_model": True})
        self.assertEqual((record["seed"], record["threads"]), (7, 1))
        self.assertEqual(record["model"], {"model.json": self.model_hash()})
        self.assertEqual(list(record["data"]["files"]["train"]), ["bars.csv"])
        self.assertEqual((set(record["metrics"]), record["metrics"]["spread"]), ({"loss", "spread"}, None))
        self.assertEqual(record["instances"], {"host": "algo-1", "rank": 0, "hosts": ["algo-1"]})
        self.assertAlmostEqual(record["cost"]["usd"], record["wall_seconds"] / 100, places=4)
        self.assertEqual(record["tracking"], {"mlflow": "not asked for"})
        self.assertLess(record["started"], record["ended"])
        for name in ("code", "identity"):
            self.assertRegex(record[name], "^[0-9a-f]{64}$")
        steps = [(line["step"], line["of"]) for line in lines_of(done.stdout, "progress")]
        self.assertEqual(steps, [(1, 4), (2, 4), (3, 4), (4, 4)])
        self.assertFalse((self.base / "output/failure").exists())

    def test_the_same_inputs_give_the_same_bytes_and_another_seed_others(self) -> None:
        first = self.base
        hashes = []
        for number, seed in enumerate(("7", "7", "8")):
            self.base = self.new_base(first.with_name(f"again-{number}"))
            self.hyperparameters(seed=seed)
            # As a launcher that knows nothing of it would start the job.
            self.assertEqual(self.run_job(PYTHONHASHSEED=str(90 + number), OMP_NUM_THREADS="4").returncode, 0)
            self.assertEqual(json.loads((self.base / "model/model.json").read_text())[0]["threads"], "1")
            hashes.append(self.model_hash())
        self.assertEqual(hashes[0], hashes[1])
        self.assertNotEqual(hashes[0], hashes[2])

    def test_killed_in_any_unit_it_goes_on_to_the_same_model(self) -> None:
        first = self.base
        self.assertEqual(self.run_job().returncode, 0)
        undisturbed = self.model_hash()
        for member in (0, 3, 5):
            with self.subTest(member=member):
                self.base = self.new_base(first.with_name(f"killed-{member}"))
                self.assertEqual(self.run_job(f"kill@{member}").returncode, -signal.SIGKILL)
                self.assertEqual(len(self.checkpoints()), member)
                self.assertEqual(self.run_job().returncode, 0)
                self.assertEqual(self.record()["resumed"]["units"], member)
                self.assertEqual(self.model_hash(), undisturbed)

    def test_killed_at_every_unit_in_turn_it_still_ends(self) -> None:
        for member in range(6):
            self.assertEqual(self.run_job(f"kill@{member}").returncode, -signal.SIGKILL)
        self.assertEqual(self.run_job().returncode, 0)
        resumed = self.model_hash()
        self.base = self.new_base(self.base.with_name("undisturbed"))
        self.run_job()
        self.assertEqual(self.model_hash(), resumed)

    def test_a_checkpoint_that_was_cut_short_is_refused_and_done_again(self) -> None:
        self.run_job("kill@4")
        cut = self.checkpoints()[2]
        cut.write_bytes(cut.read_bytes()[:-20])
        done = self.run_job()
        self.assertEqual(self.record()["resumed"]["units"], 3)
        notes = [line["text"] for line in lines_of(done.stdout, "note")]
        self.assertIn("unit member-2 is not used", notes[0])
        self.assertEqual(self.record()["notes"], notes)
        resumed = self.model_hash()
        self.base = self.new_base(self.base.with_name("undisturbed"))
        self.run_job()
        self.assertEqual(self.model_hash(), resumed)

    def test_checkpoints_of_other_data_or_hyperparameters_are_not_used(self) -> None:
        self.run_job("kill@3")
        (self.base / "input/data/train/bars.csv").write_text("other bars\n")
        done = self.run_job()
        self.assertEqual(self.record()["resumed"]["units"], 0)
        self.assertIn("are not used", lines_of(done.stdout, "note")[0]["text"])
        self.hyperparameters(rate="0.25")
        self.run_job()
        self.assertEqual(self.record()["resumed"]["units"], 0)

    def test_a_price_changes_no_result_and_no_checkpoint(self) -> None:
        self.run_job("kill@3")
        self.hyperparameters(usd_per_hour="1")
        self.run_job()
        self.assertEqual(self.record()["resumed"]["units"], 3)

    def test_sigterm_ends_it_after_the_unit_at_hand(self) -> None:
        stopped = self.run_job("terminate@2")
        self.assertEqual((stopped.returncode, stopped.stderr), (143, ""))
        self.assertEqual(len(self.checkpoints()), 3)
        self.assertEqual((self.record()["status"], (self.base / "output/failure").exists()), ("stopped", False))
        self.assertEqual(self.run_job().returncode, 0)
        self.assertEqual(self.record()["resumed"]["units"], 3)

    def test_a_unit_that_outlasts_the_grace_is_left(self) -> None:
        for befalls in ("hang@2", "swallow@2"):
            with self.subTest(befalls=befalls):
                self.assertEqual(self.run_job(befalls, PLIMSOLL_JOB_GRACE_S="0.2").returncode, 143)
                self.assertEqual(len(self.checkpoints()), 2)
                self.assertEqual(self.record()["status"], "stopped")

    def test_it_ends_with_the_program_that_started_it(self) -> None:
        environment = self.environment("sleep@2", PLIMSOLL_JOB_PARENT="stdin")
        process = subprocess.Popen(
            [sys.executable, "-m", "workload"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        while process.stdout.readline() != b"sleeping\n":
            self.assertIsNone(process.poll())
        process.stdin.close()
        self.assertEqual(process.wait(WITHIN_SECONDS), -signal.SIGKILL)
        self.assertEqual(len(self.checkpoints()), 2)

    def test_a_failure_says_why_where_sagemaker_looks(self) -> None:
        expected = {
            "raise@1": "JOB_FAILED: ZeroDivisionError: nothing to divide by",
            "refuse@1": "NO_BARS: there are no bars after the embargo; give a longer span",
            "exit@1": "JOB_FAILED: SystemExit: 7",
        }
        for befalls, reason in expected.items():
            with self.subTest(befalls=befalls):
                failed = self.run_job(befalls)
                self.assertEqual(failed.returncode, 1)
                self.assertTrue(self.failure().startswith(reason), self.failure())
                self.assertLessEqual(len(self.failure().encode()), 1_024)
                self.assertEqual(self.record()["status"], "failed")
                self.assertEqual(len(self.checkpoints()), 1)

    def test_wrong_use_is_told_before_any_work(self) -> None:
        self.hyperparameters(members="many", rat="0.1")
        failed = self.run_job()
        self.assertEqual(failed.returncode, 2)
        self.assertIn("members is 'many', not a whole number", self.failure())
        self.assertIn("is rate meant?", self.failure())
        self.hyperparameters()
        os.rename(self.base / "input/data/train", self.base / "input/data/labels")
        self.assertEqual(self.run_job().returncode, 2)
        self.assertIn("there is no channel train (there are: labels)", self.failure())

    def test_work_that_leaves_no_model_has_failed(self) -> None:
        self.hyperparameters(leaves_model="false")
        self.assertEqual(self.run_job().returncode, 1)
        self.assertIn("JOB_MODEL_EMPTY", self.failure())

    def test_the_variables_of_the_toolkit_move_everything(self) -> None:
        moved = self.base / "moved"
        os.rename(self.base / "input/data/train", moved)
        done = self.run_job(
            SM_CHANNEL_TRAIN=str(moved),
            SM_MODEL_DIR=str(self.base / "m"),
            SM_OUTPUT_DATA_DIR=str(self.base / "o"),
            SM_HPS=json.dumps({"members": 2}),
        )
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(json.loads((self.base / "m/model.json").read_text())), 2)
        self.assertEqual(json.loads((self.base / "o/run.json").read_text())["status"], "done")

    def test_without_mlflow_or_its_server_the_run_goes_on_and_says_so(self) -> None:
        expected = {
            "raise ImportError('there is none')": {"mlflow": "absent"},
            "raise OSError('no server')": {"mlflow": "failed", "why": "OSError: no server"},
        }
        path = os.pathsep.join([str(self.base), self.environment()["PYTHONPATH"]])
        for source, told in expected.items():
            with self.subTest(source=source):
                # A module of that name, whatever is installed here.
                (self.base / "mlflow.py").write_text(source)
                done = self.run_job(PYTHONPATH=path, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
                self.assertEqual(done.returncode, 0)
                self.assertEqual(self.record()["tracking"], told)
                self.assertIn("run.json alone tells of", self.record()["notes"][0])


if __name__ == "__main__":
    unittest.main()
