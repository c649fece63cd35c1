"""Finished units of work, kept so that a job that was killed goes on after the last of them.

A file is a line that names the format, a line of JSON {identity, unit, bytes, seconds}, the bytes, and the SHA-256 of
all that in hex. The identity is the hash of what the result follows from: data, hyperparameters, code and libraries.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .errors import JobError
from .files import PART_SUFFIX, canonical, write_atomically

_MAGIC = b"plimsoll-checkpoint 1\n"
_SUFFIX = ".checkpoint"
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_FOLDER = re.compile(r"[0-9a-f]{32}")
_HEADER_LIMIT = 4_096
_DIGEST = 64
_BYTES_LIMIT = 2 << 30
_OTHERS_KEPT = 7


@dataclass(frozen=True)
class Checkpoint:
    payload: bytes
    # What the unit took when it was done.
    seconds: float


class Refused(Exception):
    """A file that is no checkpoint of this unit; the message says why."""


class Checkpoints:
    """The checkpoints of one identity, in a folder of their own."""

    def __init__(self, folder: Path, identity: str) -> None:
        self._identity = identity
        self._folder = folder / identity[:32]
        self._folder.mkdir(parents=True, exist_ok=True)
        for part in self._folder.glob(f".*{PART_SUFFIX}"):
            part.unlink(missing_ok=True)
        self.others = self._sweep(folder)

    def save(self, unit: str, payload: bytes, seconds: float) -> None:
        """Returns when the disk has it. Throws `JOB_CHECKPOINT`."""
        if len(payload) > _BYTES_LIMIT:
            message = f"the result of unit {unit} is {len(payload)} bytes long"
            raise JobError("JOB_CHECKPOINT", message, f"keep it within {_BYTES_LIMIT}: split the unit")
        about = {"identity": self._identity, "unit": unit, "bytes": len(payload), "seconds": round(seconds, 3)}
        head = _MAGIC + canonical(about) + b"\n"
        digest = hashlib.sha256(head)
        digest.update(payload)
        write_atomically(self._path(unit), head, payload, digest.hexdigest().encode())

    def load(self, unit: str) -> Checkpoint | None:
        """None where the unit has not been done. Throws `Refused` where what is there cannot be trusted."""
        try:
            size = os.stat(path := self._path(unit)).st_size
        except FileNotFoundError:
            return None
        if size > _BYTES_LIMIT + _HEADER_LIMIT:
            raise Refused("it is too long")
        return self._read(unit, path.read_bytes())

    def raw(self, unit: str) -> bytes | None:
        """The file of a finished unit, for another instance; None where there is none, and for what is no name of a unit."""
        try:
            return self._path(unit).read_bytes() if _UNIT.fullmatch(unit) else None
        except FileNotFoundError:
            return None

    def taken(self, unit: str, data: bytes) -> Checkpoint:
        """Keeps the file of a unit that another instance finished. Throws `Refused` as `load`."""
        checkpoint = self._read(unit, data)
        write_atomically(self._path(unit), data)
        return checkpoint

    def _read(self, unit: str, data: bytes) -> Checkpoint:
        content, digest = data[:-_DIGEST], data[-_DIGEST:]
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise Refused("it was cut short or changed")
        head, _, payload = content.removeprefix(_MAGIC).partition(b"\n")
        try:
            about = json.loads(head)
            stands = (about["identity"], about["unit"], about["bytes"]) == (self._identity, unit, len(payload))
            seconds = float(about["seconds"])
        except (ValueError, KeyError, TypeError) as problem:
            raise Refused("it is no checkpoint") from problem
        if not stands:
            raise Refused("it was made from other data, hyperparameters or code")
        return Checkpoint(payload, seconds)

    def _path(self, unit: str) -> Path:
        if not _UNIT.fullmatch(unit):
            message = f"a unit of work cannot be called {unit[:100]!r}"
            raise JobError("JOB_CHECKPOINT", message, "use letters, digits, '_', '.' and '-', at most 100")
        return self._folder / (unit + _SUFFIX)

    def _sweep(self, folder: Path) -> int:
        """How many other identities have checkpoints here; the oldest beyond a few are removed."""
        others = [path for path in folder.iterdir() if _FOLDER.fullmatch(path.name) and path != self._folder]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in others[_OTHERS_KEPT:]:
            shutil.rmtree(path, ignore_errors=True)
        return min(len(others), _OTHERS_KEPT)
