"""Versions in a folder, made of estimators that were really fitted, and a server that really runs."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from plimsoll_models.export.library_file import libraries_of, library_file
from plimsoll_models.job.determinism import settings
from plimsoll_models.members import KINDS
from plimsoll_models.table import Table

FEATURES = tuple(f"f{k}" for k in range(12))
WITHIN_SECONDS = 120


def table(rows: int = 1_200, seed: int = 3) -> Table:
    """Rows whose label follows two of the features, some of the time."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(rows, len(FEATURES))).astype(np.float32).astype(np.float64)
    label = (generator.random(rows) < 1 / (1 + np.exp(-features[:, 0] - features[:, 1] * features[:, 2]))).astype(np.int64)
    known = 3_600_000 * np.arange(rows)
    return Table(FEATURES, features, label, np.ones(rows), known, known + 7_200_000, np.ones(rows), np.full(rows, "XAU/USD"), {})


def pickles(names: Sequence[str], of: Table) -> dict[str, bytes]:
    """By member, its library's file."""
    everything = np.arange(len(of.label))
    return {name: library_file(KINDS[name].fit(of, everything, 0, {}).library()) for name in names}


def write_version(folder: Path, of: Mapping[str, bytes], libraries: Mapping[str, str] | None = None, **changes: Any) -> str:
    """Writes the files as a training job does, and returns what the version is called. `changes`: of the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    made_by = {name: version for content in of.values() for name, version in libraries_of(content).items()} if libraries is None else libraries
    contents = {f"{name}.pickle": content for name, content in of.items()}
    contents["card.json"] = json.dumps({"libraries": made_by}).encode()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    manifest = {
        "format": "plimsoll-model/1",
        "served": "endpoint",
        "features": list(FEATURES),
        "members": [{"name": name, "file": f"{name}.pickle", "weight": 1} for name in of],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        **changes,
    }
    text = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(text)
    return hashlib.sha256(text).hexdigest()[:16]


def shelve(shelf: Path, model: str, of: Mapping[str, bytes], **given: Any) -> tuple[str, Path]:
    """A version at its place among others."""
    made = shelf / model / "made"
    version = write_version(made, of, **given)
    return version, made.rename(shelf / model / version)


class Server:
    """A process that serves a folder."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME", "PYTHONPATH") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "plimsoll_models.serve", *arguments],
            env={**kept, **settings(seed=0, threads=1), "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.line = self.process.stdout.readline()
        self.told: dict[str, Any] = json.loads(self.line) if self.line else {}

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status and what was answered, as JSON where it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.told["port"], timeout=WITHIN_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def ask(self, question: object, path: str = "/invocations") -> tuple[int, Any]:
        return self.send("POST", path, json.dumps(question).encode())

    def ended(self) -> tuple[int, str]:
        """Exit code, and what was said on standard error."""
        _, err = self.process.communicate(timeout=WITHIN_SECONDS)
        return self.process.returncode, err

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
