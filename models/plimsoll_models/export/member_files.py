"""The files of a fitted member, by how it is served."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .library_file import libraries_of, library_file, open_library_file, version_of
from .onnx_file import answers, labels_of, onnx_file, parity_of, said_by, signature_of
from .trees import NotExportable

if TYPE_CHECKING:
    from ..estimators import Fitted
    from ..members import Served

Rows = NDArray[np.float64]

#: What the name of a member's file ends with.
ENDING: Mapping[Served, str] = {"native": ".model", "onnx": ".onnx", "endpoint": ".pickle"}
#: What an ONNX file takes and gives stands beside it, as adapters/models/onnx.ts reads it.
SIGNATURE_ENDING = ".signature.json"
_TASK, _WANTED = "classification", "probabilities"


@dataclass(frozen=True)
class MemberFiles:
    #: By what their names end with after the member's; the first is the model.
    files: Mapping[str, bytes]
    #: Versions of the libraries that the files need, or were made by, as they are imported. None for what the platform evaluates itself.
    libraries: Mapping[str, str]


def member_files(fitted: Fitted, served: Served, features: Sequence[str], rows: Rows) -> MemberFiles:
    """`rows`: those that the library is asked about, for the gate. Raises NotExportable."""
    if served == "native":
        return MemberFiles({ENDING[served]: fitted.exported(features)}, {})
    if served == "onnx":
        return _onnx(fitted, features, rows)
    content = library_file(fitted.library())
    if not np.array_equal(open_library_file(content).up(rows), fitted.library().up(rows)):
        raise NotExportable("opened again, it says something else")
    return MemberFiles({ENDING[served]: content}, libraries_of(content))


def _onnx(fitted: Fitted, features: Sequence[str], rows: Rows) -> MemberFiles:
    of = fitted.library()
    if of.sigmoid is not None:
        raise NotExportable("its sigmoid stands in no ONNX file")
    content = onnx_file(of.model, len(features), wanted=_WANTED)
    said = said_by(of.model, rows, task=_TASK, wanted=_WANTED)
    parity = parity_of(said, content, rows, task=_TASK, wanted=_WANTED)
    if parity.refusal:
        raise NotExportable(parity.refusal)
    signature = signature_of(answers(content, rows), said, task=_TASK, wanted=_WANTED)
    text = json.dumps(signature.about(features, labels_of(of.model, _TASK)), sort_keys=True, separators=(",", ":")).encode()
    made_by = {name: version_of(name) for name in ("sklearn", "skl2onnx", "onnx")}
    return MemberFiles({ENDING["onnx"]: content, SIGNATURE_ENDING: text}, made_by)
