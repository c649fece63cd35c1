"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import WrongUse

PART_SUFFIX = ".part"
_CHUNK = 1 << 20
_JSON_LIMIT = 1 << 20


def write_atomically(path: Path, *parts: bytes) -> None:
    """Writes `parts` one after another. Whenever the machine stops, `path` is as before or as told here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}{PART_SUFFIX}")
    try:
        with open(part, "wb") as file:
            for data in parts:
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Windows opens no folders; there the rename alone has to do.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces, for hashes. Throws `ValueError` where a number is not finite."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256_of_file(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def files_below(folder: Path, limit: int) -> dict[str, Path]:
    """Path within `folder`, with `/`, to file, sorted. Throws `JOB_TOO_MANY_FILES`, `JOB_FILE_UNUSABLE`."""
    found: dict[str, Path] = {}
    # A link that leads in a circle ends at the limit.
    for root, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for name in names:
            path = Path(root, name)
            if not path.is_file():
                raise WrongUse("JOB_FILE_UNUSABLE", f"{path} is no file", "give channels in File or FastFile mode")
            found[path.relative_to(folder).as_posix()] = path
            if len(found) > limit:
                message = f"there are more than {limit} files in {folder}"
                raise WrongUse("JOB_TOO_MANY_FILES", message, "put the data into fewer files")
    return dict(sorted(found.items()))


def read_json_object(path: Path) -> Mapping[str, Any] | None:
    """None where there is no such file. Throws `JOB_CONFIG_UNREADABLE`."""
    try:
        with open(path, "rb") as file:
            text = file.read(_JSON_LIMIT + 1)
    except FileNotFoundError:
        return None
    if len(text) > _JSON_LIMIT:
        raise _unreadable(str(path), f"is longer than {_JSON_LIMIT} bytes")
    return json_object(text, str(path))


def json_object(text: str | bytes, where: str) -> Mapping[str, Any]:
    """Throws `JOB_CONFIG_UNREADABLE` where `text` is no JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise _unreadable(where, f"is no JSON ({problem})") from problem
    if not isinstance(value, dict):
        raise _unreadable(where, "is no JSON object")
    return value


def _unreadable(where: str, why: str) -> WrongUse:
    return WrongUse("JOB_CONFIG_UNREADABLE", f"{where} {why}", "write it as SageMaker's training contract says")
