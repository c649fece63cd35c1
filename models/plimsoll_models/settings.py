"""Settings of the members of an ensemble, as they are given: `{"lightgbm": {"num_leaves": 15}}`."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from .catalogue.entry import outside
from .job import JobError
from .members import KINDS, Kind
from .trained import Setting, Settings

#: What the job sets itself, so that the same seed gives the same files.
_OURS = {
    *("random_state", "seed", "n_jobs", "nthread", "thread_count", "verbose", "verbosity", "warm_start", "device", "device_type"),
    *("deterministic", "force_row_wise", "force_col_wise", "callbacks", "probability"),
}
_MOST_ITEMS = 16
_MOST_CHARACTERS = 60
#: Of a number that no space bounds.
_LARGEST = 1_000_000
_SHOWN = 60


def settings_of(text: str, members: Sequence[str]) -> dict[str, Settings]:
    """By member; nothing of those that are not named. Raises JobError `MEMBER_SETTINGS`, of which the message names the first that is wrong."""
    if not text.strip():
        return {}
    try:
        given = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise _wrong(f"they are no JSON ({str(problem)[:_SHOWN]})", "") from problem
    if not isinstance(given, dict):
        raise _wrong("they are no JSON object", "")
    return {name: _of_member(name, own, members) for name, own in given.items()}


def _of_member(name: str, given: Any, members: Sequence[str]) -> Settings:
    if name not in members:
        raise _wrong(f"{name[:_SHOWN]!r} is no member of this ensemble", _near(name, members))
    if not isinstance(given, dict):
        raise _wrong(f"those of {name} are no JSON object", "")
    kind = KINDS[name]
    known = sorted(set(kind.unfitted(0).get_params(deep=False)) - _OURS)
    return {key: _value(kind, key, value, known) for key, value in given.items()}


def _value(kind: Kind, key: str, value: Any, known: Sequence[str]) -> Setting | tuple[Setting, ...]:
    where = f"{kind.name}.{key[:_SHOWN]}"
    if key in _OURS:
        raise _wrong(f"{where} is the job's own to set", "use seed and threads")
    if key not in known:
        raise _wrong(f"{where} is not known", _near(key, known))
    if key in kind.space:
        wanted = outside(kind.space[key], value)
        if wanted is not None:
            raise _wrong(f"{where} is {json.dumps(value)[:_SHOWN]}, not {wanted}", "")
        return value
    if isinstance(value, list) and 1 <= len(value) <= _MOST_ITEMS and all(_is_plain(item) for item in value):
        return tuple(value)
    if not _is_plain(value):
        wanted = f"a number up to {_LARGEST}, a short text, true, false, null or a list of up to {_MOST_ITEMS} of them"
        raise _wrong(f"{where} is {json.dumps(value)[:_SHOWN]}, not {wanted}", "")
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _MOST_CHARACTERS
    if value is None or isinstance(value, bool):
        return True
    return isinstance(value, (int, float)) and math.isfinite(value) and abs(value) <= _LARGEST


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"use {', '.join(near or known)}"


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _wrong(what: str, remedy: str) -> JobError:
    return JobError("MEMBER_SETTINGS", f"hyperparameters: {what}", remedy or 'write them as {"lightgbm": {"num_leaves": 15}}', 2)


def as_json(settings: Mapping[str, Settings]) -> dict[str, dict[str, Any]]:
    return {name: {key: list(value) if isinstance(value, tuple) else value for key, value in own.items()} for name, own in settings.items()}
