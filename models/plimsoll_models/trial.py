"""The job of one trial: `python -m plimsoll_models.trial`, by the contract of plimsoll_models.job. A tuning job of SageMaker starts it many
times, with settings that it chose from the catalogue's space; a search on one machine does the same trials by itself (plimsoll_models.search).

Its channels are those of a search: feature tables of the same bars. The estimator and the table are hyperparameters, and so is each setting
of the estimator's space, as `set_NAME` with its value as JSON. It tells `"gain"` in a line of progress and leaves `trial.json`: the gains by
block of time, from which whoever has those of all trials can say how sure the best is once the choice is allowed for.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from .catalogue import Choice, Entry, Knob, Real
from .job import Between, Job, JobError, main
from .job.contract import Contract
from .job.files import canonical, write_atomically
from .search.deflation import moments
from .search.estimators import SEARCHED
from .search.leaderboard import METHOD
from .search.tables import Judging, ground_of
from .search.trial import Outcome, tried
from .trained import Settings

FORMAT = "plimsoll-trial/1"
#: What the hyperparameter of a setting begins with, so that none meets one of the job's own.
SETTING = "set_"


@dataclasses.dataclass(frozen=True)
class Parameters:
    """Of a trial, its settings apart; as those of a search."""

    estimator: Literal[tuple(SEARCHED)]  # type: ignore[valid-type]
    #: Name of a channel.
    table: str = "train"
    folds: Annotated[int, Between(2, 20)] = 5
    embargo_hours: Annotated[float, Between(0, 10_000)] = 48
    block_rows: Annotated[int, Between(1, 100_000)] = 120


def parameters_of(environment: Mapping[str, str]) -> type[Parameters]:
    """The parameters with the settings of the estimator that is named, each bounded as its space says. Of one that is not known: without."""
    try:
        # SageMaker's own SDK hands a text over in quotes.
        name = str(Contract.of(environment).hyperparameters().get("estimator")).strip('"')
    except JobError:
        # Who parses them says so where it is reported.
        return Parameters
    space = SEARCHED[name].space if name in SEARCHED else {}
    fields = [(f"{SETTING}{setting}", _kind(knob)) for setting, knob in space.items()]
    return dataclasses.make_dataclass("TrialParameters", fields, bases=(Parameters,), frozen=True, kw_only=True)


def _kind(knob: Knob) -> Any:
    if isinstance(knob, Choice):
        return Literal[knob.options]
    bound = Between(knob.low, knob.high)
    return Annotated[float, bound] if isinstance(knob, Real) else Annotated[int, bound]


def work(job: Job[Any]) -> Mapping[str, float]:
    parameters = job.parameters
    entry = SEARCHED[parameters.estimator]
    settings = _settings(entry, parameters)
    judging = Judging(parameters.folds, parameters.embargo_hours, parameters.block_rows)
    ground = ground_of(Contract.of(os.environ).channels(), judging)
    candidate = ground.candidates.get(parameters.table)
    if candidate is None:
        what = f"there is no table {parameters.table!r}"
        raise JobError("SEARCH_TABLES", what, f"choose among {', '.join(ground.candidates)}", 2)

    def once() -> bytes:
        return tried(entry, settings, candidate, ground, job.seed, lambda: None).to_bytes()

    outcome = Outcome.from_bytes(job.unit("trial", once))
    if outcome.gains is None or outcome.gain is None:
        raise JobError("TRIAL_FAILED", str(outcome.reason), "it counts as a trial that failed")
    of = moments(outcome.gains)
    told = {"gain": outcome.gain, **({"gain_error": of.error, "t_ratio": of.t_ratio} if of else {})}
    job.progress(1, 1, told)
    about = {
        "format": FORMAT,
        "table": parameters.table,
        "estimator": entry.name,
        "settings": dict(settings),
        "seed": job.seed,
        "gains": outcome.gains.tolist(),
        "rows": len(ground.block),
        "blocks": ground.blocks,
        "folds": parameters.folds,
        "embargoHours": parameters.embargo_hours,
        "blockRows": parameters.block_rows,
        "tables": [each.about() for each in ground.candidates.values()],
        "method": METHOD,
    }
    write_atomically(job.model_dir / "trial.json", canonical(about) + b"\n")
    return told


def _settings(entry: Entry, parameters: Any) -> Settings:
    return {name: getattr(parameters, f"{SETTING}{name}") for name in entry.space}


if __name__ == "__main__":
    main(parameters_of(os.environ), work)
