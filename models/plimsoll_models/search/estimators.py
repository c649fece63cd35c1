"""The estimators of the catalogue that a search may choose: those that tell a rise from a fall with a probability, and can be served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..catalogue import ENTRIES, Choice, Entry, Knob, Real
from ..job import JobError
from ..trained import Setting, Settings

if TYPE_CHECKING:
    from optuna.trial import Trial

#: Says scores alone; Platt's sigmoid makes probabilities of them, as in a desk.
_SIGMOID = "support-vectors-classifier"

SEARCHED: Mapping[str, Entry] = {
    entry.name: entry
    for entry in ENTRIES
    if entry.task == "classification" and entry.served in ("native", "onnx") and (entry.probabilities or entry.name == _SIGMOID)
}


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Those named, or all where none is. Raises JobError `SEARCH_ESTIMATOR`."""
    unknown = [name for name in names if name not in SEARCHED]
    if unknown or len(set(names)) != len(names):
        what = f"{unknown[0]!r} is none that can be searched" if unknown else "estimators are named once each"
        raise JobError("SEARCH_ESTIMATOR", what, f"choose among {', '.join(SEARCHED)}", 2)
    return tuple(names) or tuple(SEARCHED)


def suggested(trial: Trial, entry: Entry) -> Settings:
    """A point of the entry's space. What is learned of one estimator's settings is not taken for another's."""
    return {name: _value(trial, f"{entry.name}.{name}", knob) for name, knob in entry.space.items()}


def _value(trial: Trial, name: str, knob: Knob) -> Setting:
    if isinstance(knob, Choice):
        return trial.suggest_categorical(name, knob.options)
    if isinstance(knob, Real):
        return trial.suggest_float(name, knob.low, knob.high, log=knob.log)
    return trial.suggest_int(name, knob.low, knob.high, log=knob.log)
