"""What a batch is asked for: an entry of the catalogue with settings out of its space."""

from __future__ import annotations

import dataclasses
import difflib
import importlib.util
import json
from collections.abc import Mapping
from typing import Annotated, Any

from ..catalogue import GROUPS, Entry
from ..catalogue.classical.forecasts import AHEAD
from ..catalogue.entry import outside
from ..job import Between
from ..job.errors import WrongUse

_SHOWN = 60


@dataclasses.dataclass(frozen=True)
class Parameters:
    """Of a batch."""

    #: Name of an entry that is served `batch-to-lake`.
    entry: str
    #: The latest bars that a fit looks at.
    window: Annotated[int, Between(100, 20_000)]
    #: Bars from one fit to the next.
    refit: Annotated[int, Between(1, 10_000)]
    #: Settings of the entry that are others than the catalogue's, as JSON: `{"p": 2}`.
    set: str = "{}"


def entry_of(parameters: Parameters) -> Entry:
    """With its settings in place. Raises WrongUse: `BATCH_ENTRY`, `BATCH_SET`, `BATCH_REFIT`, `BATCH_WINDOW`, `BATCH_LIBRARY`."""
    group, entry = _found(parameters.entry[:_SHOWN])
    if entry.task == "forecast" and parameters.refit > AHEAD:
        what = f"{entry.name} forecasts {AHEAD} bars, and refit is {parameters.refit}"
        raise WrongUse("BATCH_REFIT", what, f"set refit to {AHEAD} or less")
    if entry.most_rows is not None and parameters.window > entry.most_rows:
        what = f"{entry.name} is fitted on {entry.most_rows} bars at most (its cost grows faster), and window is {parameters.window}"
        raise WrongUse("BATCH_WINDOW", what, f"set window to {entry.most_rows} or less")
    settings = _settings(entry, parameters.set)
    if importlib.util.find_spec(entry.library) is None:
        what = f"{entry.name} is of {entry.library}, which this Python does not have"
        raise WrongUse("BATCH_LIBRARY", what, f"install models/requirements/{group}.txt")
    return dataclasses.replace(entry, fixed={**entry.fixed, **settings})


def _found(name: str) -> tuple[str, Entry]:
    found = {entry.name: (group, entry) for group, entries in GROUPS.items() for entry in entries}
    batches = [each for each, (_, entry) in found.items() if entry.served == "batch-to-lake"]
    if name not in found:
        near = difflib.get_close_matches(name, batches, n=1)
        meant = f"is {near[0]} meant?" if near else "see `plimsoll models list --served batch-to-lake`"
        raise WrongUse("BATCH_ENTRY", f"the catalogue has no {name!r}", meant)
    group, entry = found[name]
    if entry.served != "batch-to-lake":
        what = f"{name} is served as {entry.served}, and a batch is of one that is batch-to-lake"
        raise WrongUse("BATCH_ENTRY", what, "see `plimsoll models list --served batch-to-lake`")
    return group, entry


def _settings(entry: Entry, text: str) -> Mapping[str, Any]:
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError) as problem:
        raise _wrong(f"it is no JSON ({str(problem)[:_SHOWN]})") from problem
    if not isinstance(given, dict):
        raise _wrong("it is no JSON object")
    for name, value in given.items():
        if name not in entry.space:
            known = ", ".join(entry.space) or "nothing"
            raise _wrong(f"{entry.name} has no {name[:_SHOWN]!r} to be set (it has: {known})")
        wanted = outside(entry.space[name], value)
        if wanted is not None:
            raise _wrong(f"{name} is {json.dumps(value)[:_SHOWN]}, not {wanted}")
    return given


def _wrong(what: str) -> WrongUse:
    return WrongUse("BATCH_SET", f"set: {what}", 'write it as {"p": 2}, within the space that `plimsoll models show` tells')
