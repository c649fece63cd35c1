"""Where a job looks for what it is given, by SageMaker's files and variables."""

from __future__ import annotations

import contextlib
import json
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path

from plimsoll_models.job.contract import Contract, variable_of
from plimsoll_models.job.errors import JobError


class ContractTest(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.base = Path(holder.name)
        (self.base / "input/config").mkdir(parents=True)

    def contract(self, **more: str) -> Contract:
        return Contract.of({"PLIMSOLL_ML_FOLDER": str(self.base), **more})

    def config(self, name: str, text: str) -> None:
        (self.base / "input/config" / name).write_text(text)

    @contextlib.contextmanager
    def refused(self, code: str) -> Iterator[None]:
        with self.assertRaises(JobError) as caught:
            yield
        self.assertEqual((caught.exception.code, caught.exception.exit_code), (code, 2))

    def test_is_under_opt_ml_unless_moved(self) -> None:
        fixed = Contract.of({})
        paths = [fixed.model_dir, fixed.output_data_dir, fixed.checkpoints, fixed.failure_file]
        expected = ["model", "output/data", "checkpoints", "output/failure"]
        self.assertEqual([path.as_posix() for path in paths], [f"/opt/ml/{path}" for path in expected])
        self.assertEqual(self.contract().model_dir, self.base / "model")

    def test_takes_the_variables_of_the_training_toolkit(self) -> None:
        contract = self.contract(SM_MODEL_DIR="/m", SM_OUTPUT_DATA_DIR="/o", SM_HPS='{"depth": 3}')
        self.assertEqual((contract.model_dir, contract.output_data_dir), (Path("/m"), Path("/o")))
        self.config("hyperparameters.json", '{"depth": "4"}')
        self.assertEqual(contract.hyperparameters(), {"depth": 3})
        self.assertEqual(self.contract().hyperparameters(), {"depth": "4"})

    def test_finds_channels_by_folder_configuration_and_variable(self) -> None:
        (self.base / "input/data/train").mkdir(parents=True)
        self.config("inputdataconfig.json", json.dumps({"train": {}, "check-set": {}}))
        moved = self.base / "moved"
        moved.mkdir()
        contract = self.contract(SM_CHANNEL_CHECK_SET=str(moved), SM_CHANNEL_EXTRA=str(moved))
        expected = {"check-set": moved, "extra": moved, "train": self.base / "input/data/train"}
        self.assertEqual(contract.channels(), expected)
        self.assertEqual(variable_of("check-set"), "SM_CHANNEL_CHECK_SET")
        self.assertEqual(contract.channel("check-set"), moved)
        with self.refused("JOB_CHANNEL_MISSING"):
            contract.channel("labels")

    def test_a_job_without_input_has_no_channels_and_no_hyperparameters(self) -> None:
        empty = Contract.of({"PLIMSOLL_ML_FOLDER": str(self.base / "none")})
        self.assertEqual((empty.channels(), dict(empty.hyperparameters())), ({}, {}))
        self.assertEqual(empty.hosts(), ("algo-1", ("algo-1",)))

    def test_knows_which_of_many_instances_it_is(self) -> None:
        self.config("resourceconfig.json", '{"current_host": "algo-2", "hosts": ["algo-3", "algo-2", "algo-1"]}')
        self.assertEqual(self.contract().hosts(), ("algo-2", ("algo-1", "algo-2", "algo-3")))

    def test_or_by_variables(self) -> None:
        contract = self.contract(SM_CURRENT_HOST="algo-2", SM_HOSTS='["algo-1", "algo-2"]')
        self.assertEqual(contract.hosts(), ("algo-2", ("algo-1", "algo-2")))

    def test_refuses_configuration_that_cannot_be_read(self) -> None:
        for text in ("", "[]", "{", '{"a": 1}' + " " * 2_000_000, "[" * 100_000):
            with self.subTest(text=text[:10]), self.refused("JOB_CONFIG_UNREADABLE"):
                self.config("hyperparameters.json", text)
                self.contract().hyperparameters()
        for text in ('{"current_host": "algo-9", "hosts": ["algo-1"]}', '{"hosts": "algo-1"}', '{"hosts": [1]}'):
            with self.subTest(text=text), self.refused("JOB_CONFIG_UNREADABLE"):
                self.config("resourceconfig.json", text)
                self.contract().hosts()
        self.config("resourceconfig.json", "{}")
        with self.refused("JOB_CONFIG_UNREADABLE"):
            self.contract(SM_HOSTS="algo-1").hosts()


if __name__ == "__main__":
    unittest.main()
