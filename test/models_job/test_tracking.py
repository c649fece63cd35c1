"""A run in MLflow: needs the packages of models/requirements/core.txt."""

from __future__ import annotations

import unittest

from support import JobCase


class TrackingTest(JobCase):
    def test_the_run_is_in_a_local_store(self) -> None:
        store = self.base / "mlflow"
        self.hyperparameters(members="3", seed="5")
        done = self.run_job(PLIMSOLL_MLFLOW_FOLDER=str(store), MLFLOW_EXPERIMENT_NAME="tests")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.record()["tracking"]["mlflow"], "tracked", self.record())

        import mlflow

        client = mlflow.MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
        experiment = client.get_experiment_by_name("tests")
        (finished,) = client.search_runs([experiment.experiment_id])
        self.assertEqual((finished.info.status, finished.info.run_id), ("FINISHED", self.record()["tracking"]["run"]))
        self.assertEqual(finished.data.params["members"], "3")
        self.assertEqual(finished.data.params["seed"], "5")
        self.assertIn("wall_seconds", finished.data.metrics)
        self.assertEqual(len(client.get_metric_history(finished.info.run_id, "loss")), 4)
        self.assertRegex(finished.data.tags["plimsoll.data"], "^[0-9a-f]{64}$")
        artifacts = store / "artifacts" / finished.info.run_id / "artifacts"
        self.assertEqual((artifacts / "model/model.json").read_bytes(), (self.base / "model/model.json").read_bytes())
        self.assertTrue((artifacts / "run.json").is_file())


if __name__ == "__main__":
    unittest.main()
