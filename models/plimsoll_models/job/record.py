"""What a run was made from and what came of it: `run.json`, beside the model and not in it, so that the same inputs
give the same model files."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .files import canonical, files_below, sha256_of_file

SCHEMA = 1
PACKAGE = Path(__file__).resolve().parent.parent
_FILES_LIMIT = 10_000
_LIBRARIES_LIMIT = 1_000


def hash_of(value: object) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def pretty(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, indent=2, allow_nan=False) + "\n").encode()


def data_of(channels: Mapping[str, Path]) -> dict[str, Any]:
    """The SHA-256 of each file of each channel, and one of them all."""
    files = {name: hashes_below(folder) for name, folder in channels.items() if folder.is_dir()}
    return {"hash": hash_of(files), "files": files}


def hashes_below(folder: Path) -> dict[str, str]:
    return {name: sha256_of_file(path) for name, path in files_below(folder, _FILES_LIMIT).items()}


def code_hash(programs: Iterable[Path] = ()) -> str:
    """Of the sources of this package, and of programs that stand outside of it."""
    sources = {path.relative_to(PACKAGE).as_posix(): sha256_of_file(path) for path in sorted(PACKAGE.rglob("*.py"))}
    outside = [path for path in programs if not path.resolve().is_relative_to(PACKAGE)]
    sources.update({f"../{path.name}": sha256_of_file(path) for path in outside})
    return hash_of(sources)


def libraries() -> dict[str, str]:
    """Name to version of all that is installed beside this Python."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        # The first on the path is the one that is imported.
        if name and len(found) < _LIBRARIES_LIMIT:
            found.setdefault(name.lower().replace("_", "-"), distribution.version)
    return dict(sorted(found.items()))


def python_version() -> str:
    return f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))}"
