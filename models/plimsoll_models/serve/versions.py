"""Versions in a folder: each is checked by the hashes in its manifest, and only then opened.

One version is the folder itself, as SageMaker unpacks it; or versions lie below it as MODEL/VERSION/….
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..export.library_file import EXACT, MOST_BYTES, open_library_file, version_of
from ..export.trees import NotExportable
from ..job.errors import JobError
from ..job.files import json_object
from ..trained import Trained

MANIFEST = "manifest.json"
CARD = "card.json"
FORMAT = "plimsoll-model/1"
VERSION_CHARACTERS = 16
#: In one folder.
MOST_VERSIONS = 64
_MANIFEST_BYTES = 1 << 20
#: A multiple of the rows that the kernels of a BLAS take at once (4, 6, 8, 12, 16, 24).
_BLOCK_ROWS = 48
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,199}")
_MODEL_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_REMEDY = "take the version from the registry again, or train it anew"


class VersionRefused(Exception):
    """A version that is not served; the message says why."""


@dataclass(frozen=True)
class Version:
    """Ready to answer."""

    #: Of one that is the folder itself, None: any name is its own.
    model: str | None
    version: str
    features: tuple[str, ...]
    members: Sequence[tuple[str, Trained]]
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def answers(self, rows: NDArray[np.float64]) -> list[list[float]]:
        """By row, by member: the probability of a rise. Raises ValueError where one is none."""
        said = np.empty((len(rows), len(self.members)))
        # Some estimators keep notes of what they are asked.
        with self._one_at_a_time:
            for column, (name, of) in enumerate(self.members):
                up = _in_blocks(of, rows)
                if up.shape != (len(rows),) or not ((up >= 0) & (up <= 1)).all():
                    raise ValueError(f"the member {name} answers with what is no probability")
                said[:, column] = up
        answers: list[list[float]] = said.tolist()
        return answers


def _in_blocks(of: Trained, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Products of matrices are summed in another order for other numbers of rows. In blocks of one size, the last filled up, the answer to a
    row is the same to the last bit whichever rows are asked with it: alone in a live decision, or among a thousand of a backtest."""
    said = []
    for begin in range(0, len(rows), _BLOCK_ROWS):
        block = rows[begin : begin + _BLOCK_ROWS]
        whole = np.concatenate([block, np.repeat(block[-1:], _BLOCK_ROWS - len(block), axis=0)])
        said.append(of.up(whole)[: len(block)])
    return np.concatenate(said)


@dataclass(frozen=True)
class Shelf:
    """What lies in a folder."""

    versions: Mapping[str, Version]
    #: Model (None for the folder itself) and version of those that are not served, and why.
    refused: Sequence[tuple[str | None, str, str]]

    def refusal(self, version: str) -> str | None:
        # Of the folder itself it is not known which version it would have been.
        return next((why for model, name, why in self.refused if model is None or name == version), None)


def shelf_of(folder: Path) -> Shelf:
    """Never raises for what lies in the folder: what cannot be served is among the refused."""
    versions: dict[str, Version] = {}
    refused: list[tuple[str | None, str, str]] = []
    for model, place in _places(folder):
        name = place.name if model is not None else "unknown"
        try:
            version = load(place, model)
            versions[version.version] = version
        except (VersionRefused, OSError) as problem:
            refused.append((model, name, str(problem)))
    return Shelf(versions, refused)


def _places(folder: Path) -> list[tuple[str | None, Path]]:
    if (folder / MANIFEST).exists():
        return [(None, folder)]
    models = sorted(path for path in folder.iterdir() if path.is_dir() and _MODEL_NAME.fullmatch(path.name)) if folder.is_dir() else []
    places = [(model.name, version) for model in models for version in sorted(model.iterdir()) if version.is_dir()]
    return list(places[:MOST_VERSIONS])


def load(folder: Path, model: str | None) -> Version:
    """Raises VersionRefused, OSError."""
    text = _bytes(folder / MANIFEST, _MANIFEST_BYTES)
    digest = hashlib.sha256(text).hexdigest()
    version = digest[:VERSION_CHARACTERS]
    if model is not None and folder.name != version:
        raise VersionRefused(f"{MANIFEST} is not the one of {folder.name}: it was changed or cut short; {_REMEDY}")
    manifest = _manifest(text)
    _check_libraries(_card(_checked(folder, manifest, CARD)))
    members = []
    for member in manifest["members"]:
        content = _checked(folder, manifest, member["file"])
        try:
            members.append((member["name"], open_library_file(content)))
        except NotExportable as problem:
            raise VersionRefused(f"{member['name']}: {problem}; {_REMEDY}") from problem
    return Version(model, version, tuple(manifest["features"]), members)


def _checked(folder: Path, manifest: Mapping[str, Any], name: str) -> bytes:
    """The bytes of a file whose hash is the manifest's. The same bytes are opened, so that none can be exchanged in between."""
    expected = manifest["files"].get(name)
    if not _FILE_NAME.fullmatch(name) or expected is None:
        raise VersionRefused(f"{MANIFEST} has no hash of {name[:60]!r}; {_REMEDY}")
    content = _bytes(folder / name, MOST_BYTES)
    if hashlib.sha256(content).hexdigest() != expected:
        raise VersionRefused(f"{name} is not the file that was registered, and was not opened; {_REMEDY}")
    return content


def _bytes(path: Path, most: int) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise VersionRefused(f"{path.name} is not there; {_REMEDY}") from None
    if len(content) > most:
        raise VersionRefused(f"{path.name} has more than {most} bytes; make the model smaller")
    return content


def _manifest(text: bytes) -> Mapping[str, Any]:
    """As far as it is read here; core/models/manifest.ts reads all of it."""
    manifest = _object(text, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise VersionRefused(f"{MANIFEST} is of the format {str(manifest.get('format'))[:60]!r}, and {FORMAT!r} is read here; {_REMEDY}")
    if manifest.get("served") != "endpoint":
        raise VersionRefused("it is evaluated by the platform itself: it needs no server")
    features, members, files = (manifest.get(name) for name in ("features", "members", "files"))
    is_whole = (
        _is_texts(features)
        and isinstance(members, list)
        and 0 < len(members) <= 64
        and all(isinstance(one, dict) and _is_texts([one.get("name"), one.get("file")]) for one in members)
        and isinstance(files, dict)
    )
    if not is_whole:
        raise VersionRefused(f"{MANIFEST} does not name features, members and files; {_REMEDY}")
    return manifest


def _is_texts(values: Any) -> bool:
    return isinstance(values, list) and len(values) > 0 and all(isinstance(value, str) for value in values)


def _card(text: bytes) -> Mapping[str, Any]:
    return _object(text, CARD)


def _object(text: bytes, where: str) -> Mapping[str, Any]:
    try:
        return json_object(text, where)
    except JobError as problem:
        raise VersionRefused(f"{problem.message}; {_REMEDY}") from problem


def _check_libraries(card: Mapping[str, Any]) -> None:
    """Another version of a library may read the same file and say something else."""
    trained_with = card.get("libraries")
    if not isinstance(trained_with, dict):
        raise VersionRefused(f"{CARD} does not say by which libraries it was made; {_REMEDY}")
    for name in EXACT:
        wanted = trained_with.get(name)
        if wanted is None:
            continue
        try:
            here = version_of(name)
        except ImportError:
            here = "not installed"
        if here != wanted:
            raise VersionRefused(f"it was trained with {name} {wanted}, which is {here} here; install what models/requirements/core.txt pins, or train it anew")
