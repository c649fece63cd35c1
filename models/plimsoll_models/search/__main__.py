"""The job of a search: `python -m plimsoll_models.search`, by the contract of plimsoll_models.job. Its channels are feature tables of the
same bars: train, train-0, train-1, …. It leaves

- `leaderboard.json`: every trial, what it gained where it was not trained, and how sure that is once the choice is allowed for;
- `gains.json`: the gains of each trial by block of time, from which the scores follow.

A trial that is over tells `"gain"` in a line of progress; `plimsoll_models.job.progress.metric_regex("gain")` is the Regex for a tuning job
of SageMaker, to be maximised. Trials are drawn in their order by a seeded sampler from what the earlier ones gained, so that a job that was
killed comes to the same leaderboard: it tells the sampler what its checkpoints hold and goes on.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Annotated

from ..job import Between, Job, JobError, Stopped, main
from ..job.contract import Contract
from ..job.files import write_atomically
from .budget import Bound, Budget
from .deflation import moments
from .estimators import SEARCHED, chosen
from .leaderboard import FORMAT, METHOD, Leaderboard, leaderboard_of
from .sampler import Sampler
from .tables import Ground, Judging, ground_of
from .trial import Choice, Outcome, tried

Trials = list[tuple[Choice, Outcome]]


@dataclasses.dataclass(frozen=True)
class Parameters:
    """Of a search."""

    #: The budget: whichever is met first ends the search.
    trials: Annotated[int, Between(1, 1_000)] = 50
    minutes: Annotated[float, Between(0.01, 10_080)] = 60
    usd: Annotated[float | None, Between(0.01, 100_000)] = None
    #: Of the machine. It is part of what a search is made from, since it may end one.
    usd_per_hour: Annotated[float, Between(0, 10_000)] = 0.0
    #: Names of the catalogue; all that tell a rise from a fall and can be served, where none is named.
    estimators: tuple[str, ...] = ()
    #: Blocks of time, each predicted by models of the others.
    folds: Annotated[int, Between(2, 20)] = 5
    #: Hours after a block whose rows are not trained on.
    embargo_hours: Annotated[float, Between(0, 10_000)] = 48
    #: Times of a block by which the error of a gain is known; several times as long as a label.
    block_rows: Annotated[int, Between(1, 100_000)] = 120


class _Spent(BaseException):
    """The budget was met while a trial was at work. No `Exception`, so that it is not taken for the trial's failure."""

    def __init__(self, by: Bound) -> None:
        super().__init__(by)
        self.by = by


def work(job: Job[Parameters]) -> Mapping[str, float]:
    parameters = job.parameters
    budget = Budget(parameters.trials, parameters.minutes, parameters.usd, parameters.usd_per_hour)
    begun = time.monotonic()

    def spent() -> float:
        """Seconds, those of finished trials before a kill among them. What was lost between a checkpoint and a kill is not known."""
        return job.resumed_seconds + time.monotonic() - begun

    names = chosen(parameters.estimators)
    judging = Judging(parameters.folds, parameters.embargo_hours, parameters.block_rows)
    ground = ground_of(Contract.of(os.environ).channels(), judging)
    trials, ended = _search(job, names, ground, budget, spent)
    return _leave(job, ground, budget, trials, ended, spent())


def _search(
    job: Job[Parameters], names: tuple[str, ...], ground: Ground, budget: Budget, spent: Callable[[], float]
) -> tuple[Trials, Bound]:
    """Every trial in the order in which they were made, and what ended them."""
    sampler = Sampler(list(ground.candidates), names, job.seed)
    trials: Trials = []

    def between_fits() -> None:
        if job.is_stopping:
            raise Stopped
        if (by := budget.time_met(spent())) is not None:
            raise _Spent(by)

    while (ended := budget.met(len(trials), spent())) is None:
        choice = sampler.ask()
        try:
            outcome = _outcome(job, choice, ground, between_fits)
        except _Spent as end:
            job.note(f"the budget was met within trial {choice.number}, which is not counted")
            return trials, end.by
        trials.append((choice, outcome))
        sampler.tell(choice, outcome.gain)
        job.progress(len(trials), budget.trials, _told(outcome))
    return trials, ended


def _outcome(job: Job[Parameters], choice: Choice, ground: Ground, between_fits: Callable[[], None]) -> Outcome:
    """From its checkpoint where the trial was over before a kill."""

    def once() -> bytes:
        candidate = ground.candidates[choice.table]
        return tried(SEARCHED[choice.estimator], choice.settings, candidate, ground, job.seed, between_fits).to_bytes()

    return Outcome.from_bytes(job.unit(f"trial-{choice.number}", once))


def _told(outcome: Outcome) -> dict[str, float]:
    if outcome.gains is None or outcome.gain is None:
        return {}
    of = moments(outcome.gains)
    return {"gain": outcome.gain, **({"gain_error": of.error, "t_ratio": of.t_ratio} if of else {})}


def _leave(job: Job[Parameters], ground: Ground, budget: Budget, trials: Trials, ended: Bound, seconds: float) -> dict[str, float]:
    """Writes the leaderboard and the gains; returns the metrics. Raises JobError `SEARCH_NO_TRIAL`, `SEARCH_FAILED`."""
    if not trials:
        raise JobError("SEARCH_NO_TRIAL", f"the budget of {ended} was met before one trial was over", "give it more, or fewer rows")
    reasons = [outcome.reason for _, outcome in trials if outcome.gains is None]
    if len(reasons) == len(trials):
        raise JobError("SEARCH_FAILED", f"every trial failed, the first with {reasons[0]}", "take other estimators or tables")
    board = leaderboard_of(trials)
    about = {
        "format": FORMAT,
        "seed": job.seed,
        "budget": {**budget.about(), "metBy": ended},
        "tables": [candidate.about() for candidate in ground.candidates.values()],
        "rows": len(ground.block),
        "blocks": ground.blocks,
        "folds": job.parameters.folds,
        "embargoHours": job.parameters.embargo_hours,
        "blockRows": job.parameters.block_rows,
        "method": METHOD,
        **board.about(),
    }
    write_atomically(job.model_dir / "leaderboard.json", _text(about))
    gains = {str(choice.number): outcome.gains.tolist() for choice, outcome in trials if outcome.gains is not None}
    write_atomically(job.model_dir / "gains.json", _text({"blocks": ground.blocks, "gains": gains}))
    return _metrics(board, seconds)


def _metrics(board: Leaderboard, seconds: float) -> dict[str, float]:
    best = board.best
    nothing = float("nan")
    return {
        "best_gain": best.of.mean if best and best.of else nothing,
        "best_t_ratio": best.of.t_ratio if best and best.of else nothing,
        "best_deflated": best.deflated if best and best.deflated is not None else nothing,
        "found": float(board.is_found),
        "trials": float(len(board.places)),
        "effective_trials": board.effective,
        "spent_minutes": seconds / 60,
    }


def _text(value: object) -> bytes:
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()


if __name__ == "__main__":
    main(Parameters, work)
