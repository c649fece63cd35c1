"""The file of a model that the platform evaluates itself. Its layout is described where it is read: core/models/native/container.ts."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"PLIMSOLL"
VERSION = 1
ALIGNMENT = 8
_TYPES = {np.dtype("<f8"): "f64", np.dtype("<i4"): "i32", np.dtype("u1"): "u8"}


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of a file. The same model gives the same bytes: nothing of the day or the machine goes in."""
    sections: dict[str, dict[str, Any]] = {}
    body = bytearray()
    for name, values in arrays.items():
        flat = np.ascontiguousarray(values).reshape(-1)
        if flat.dtype not in _TYPES:
            raise TypeError(f"the array {name!r} is of {flat.dtype}, which the format has no place for")
        sections[name] = {"type": _TYPES[flat.dtype], "offset": len(body), "length": len(flat)}
        body += flat.tobytes()
        body += bytes(-len(body) % ALIGNMENT)
    text = json.dumps({**header, "arrays": sections, "bytes": len(body)}, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return MAGIC + struct.pack("<II", VERSION, len(text)) + text + bytes(body)
