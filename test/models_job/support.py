"""Runs the workload by the contract in a folder of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

from plimsoll_models.job.determinism import settings

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent.parent / "models"
WITHIN_SECONDS = 40


class JobCase(unittest.TestCase):
    """A test with an empty base folder, one channel and a program to run."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="plimsoll-job-", ignore_cleanup_errors=True)
        self.addCleanup(holder.cleanup)
        self.base = self.new_base(Path(holder.name) / "ml")

    def new_base(self, base: Path) -> Path:
        (base / "input/config").mkdir(parents=True)
        (base / "input/data/train").mkdir(parents=True)
        (base / "input/data/train/bars.csv").write_text("open high low close\n1 2 3 4\n")
        return base

    def hyperparameters(self, **given: Any) -> None:
        (self.base / "input/config/hyperparameters.json").write_text(json.dumps(given))

    def environment(self, befalls: str = "", **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME") if name in os.environ}
        return {
            **kept,
            # Or each job would start twice.
            **settings(seed=0, threads=1),
            "PYTHONPATH": os.pathsep.join([str(MODELS), str(HERE)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PLIMSOLL_ML_FOLDER": str(self.base),
            "WORKLOAD": befalls,
            **more,
        }

    def start(self, befalls: str = "", **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "workload"],
            env=self.environment(befalls, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_job(self, befalls: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        process = self.start(befalls, **more)
        try:
            out, err = process.communicate(timeout=WITHIN_SECONDS)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def model_hash(self) -> str:
        return hashlib.sha256((self.base / "model/model.json").read_bytes()).hexdigest()

    def record(self) -> dict[str, Any]:
        return json.loads((self.base / "output/data/run.json").read_text())

    def failure(self) -> str:
        return (self.base / "output/failure").read_text()

    def checkpoints(self) -> list[Path]:
        return sorted(self.base.glob("checkpoints/*/*.checkpoint"))


def lines_of(output: str, kind: str) -> list[dict[str, Any]]:
    """What the job told on standard output."""
    told = [json.loads(line) for line in output.splitlines() if line.startswith('{"plimsoll": ')]
    return [line for line in told if line["plimsoll"] == kind]
