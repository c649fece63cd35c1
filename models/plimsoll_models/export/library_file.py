"""A fitted model as its library keeps it, for a server that has the library: a pickle.

Whoever can write a pickle can run a program where it is opened. So a server opens none before its hash was found in the manifest; and what a
file names beyond the classes of the libraries is refused all the same.
"""

from __future__ import annotations

import importlib
import io
import pickle
import pickletools
from typing import Any

from ..trained import Trained
from .trees import NotExportable

FORMAT = "plimsoll-library/1"
#: Of one member.
MOST_BYTES = 256 << 20
_PROTOCOL = 5
_PACKAGES = ("sklearn", "lightgbm", "xgboost", "numpy", "scipy")
#: Those whose version has to be the one that trained: another one reads the same file and may say something else.
EXACT = ("sklearn", "lightgbm", "xgboost")
#: Functions of the libraries that make objects anew.
_MAKERS = ("_reconstruct", "scalar", "newObj", "__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor", "_frombuffer")
#: Functions that Cython writes for its classes.
_MADE_BY_CYTHON = "__pyx_unpickle_"
_PLAIN = {"collections.OrderedDict", "collections.defaultdict", "builtins.slice", "builtins.set", "builtins.bytearray"}


def library_file(of: Trained) -> bytes:
    """The same model is the same bytes. Raises NotExportable where it is too large, or cannot be opened again."""
    content = pickletools.optimize(pickle.dumps({"format": FORMAT, "model": of.model, "sigmoid": of.sigmoid}, _PROTOCOL))
    if len(content) > MOST_BYTES:
        raise NotExportable(f"it has {len(content)} bytes, more than {MOST_BYTES}: make the model smaller")
    open_library_file(content)
    return content


def open_library_file(content: bytes) -> Trained:
    """Only of bytes whose hash was checked. Raises NotExportable where they are no such file."""
    try:
        told = _Careful(io.BytesIO(content)).load()
    # What is cut short or made of something else raises what comes.
    except Exception as problem:
        raise NotExportable(f"its file cannot be opened: {type(problem).__name__}: {str(problem)[:200]}") from problem
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise NotExportable(f"its file is not of the format {FORMAT}")
    return Trained(told["model"], told["sigmoid"])


def libraries_of(content: bytes) -> dict[str, str]:
    """Name of each library that a file names, as it is imported, to its version here."""
    reader = _Careful(io.BytesIO(content))
    reader.load()
    return {name: version_of(name) for name in sorted(reader.named)}


def version_of(library: str) -> str:
    return str(importlib.import_module(library).__version__)


class _Careful(pickle.Unpickler):
    """Gives the classes of the libraries, and what makes their objects anew."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.named: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" in _PLAIN:
            return super().find_class(module, name)
        package = module.partition(".")[0]
        if package in _PACKAGES and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) or name in _MAKERS or name.startswith(_MADE_BY_CYTHON):
                self.named.add(package)
                return found
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no model has")
