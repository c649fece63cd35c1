"""All trials, the surest gain first, and whether anything was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .deflation import Moments, deflated, effective_trials, expected_maximum, moments
from .trial import Choice, Outcome

FORMAT = "plimsoll-leaderboard/1"
#: A gain is found where its deflated score is this or more.
CONFIDENCE = 0.95

#: `found`: surely above 0, the choice allowed for; `unsure`: above 0, as luck may be; `loses`: not above 0, or it said what the baseline
#: says; `failed`: the estimator did.
Standing = Literal["found", "unsure", "loses", "failed"]


@dataclass(frozen=True)
class Place:
    choice: Choice
    standing: Standing
    of: Moments | None
    deflated: float | None
    reason: str | None

    def about(self, rank: int) -> dict[str, Any]:
        told: dict[str, Any] = {
            "rank": rank,
            "trial": self.choice.number,
            "table": self.choice.table,
            "estimator": self.choice.estimator,
            "settings": dict(self.choice.settings),
            "standing": self.standing,
            "gain": self.of.mean if self.of else None,
            "error": self.of.error if self.of else None,
            "tRatio": self.of.t_ratio if self.of else None,
            "skewness": self.of.skewness if self.of else None,
            "kurtosis": self.of.kurtosis if self.of else None,
            "deflated": self.deflated,
        }
        return told if self.reason is None else {**told, "reason": self.reason}


@dataclass(frozen=True)
class Leaderboard:
    places: Sequence[Place]
    #: Independent trials that those judged are worth.
    effective: float
    #: The largest t-ratio that as many without skill would show.
    benchmark: float

    @property
    def best(self) -> Place | None:
        """None where no trial could be judged."""
        return self.places[0] if self.places and self.places[0].of else None

    @property
    def is_found(self) -> bool:
        return self.best is not None and self.best.standing == "found"

    def verdict(self) -> str:
        judged = sum(place.of is not None for place in self.places)
        held = f"{judged} trials, worth {self.effective:.1f} independent ones, of which the best would show a t-ratio of {self.benchmark:.2f} by luck"
        best = self.best
        if best is None or best.of is None:
            return "Nothing was found: no trial says anything but the baseline."
        what = f"{best.choice.estimator} on {best.choice.table} gains {best.of.mean:.3g} nats a row, t-ratio {best.of.t_ratio:.2f}"
        sure = f"above 0 with a probability of {best.deflated:.3f}, for {held}"
        return f"Found: {what}; {sure}." if self.is_found else f"Nothing was found. The best, {what}: {sure}; {CONFIDENCE:g} is asked for."

    def about(self) -> dict[str, Any]:
        return {
            "found": self.is_found,
            "verdict": self.verdict(),
            "trials": {
                "made": len(self.places),
                "judged": sum(place.of is not None for place in self.places),
                "failed": sum(place.standing == "failed" for place in self.places),
                "effective": self.effective,
            },
            "luck": {"tRatio": self.benchmark, "confidence": CONFIDENCE},
            "board": [place.about(rank) for rank, place in enumerate(self.places, 1)],
        }


METHOD = {
    "split": "purged k-fold with embargo: every row is predicted by models that were trained on none of its time",
    "baseline": "the share of rises among the rows that were trained on, or even odds, whichever was better in hindsight",
    "gain": "mean log loss gained over the baseline, in nats a row, of blocks of time that count alike; its error is the standard deviation"
    " of the blocks over the root of their number",
    "deflated": "Phi((SR - t*/sqrt(n)) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1) SR^2 / 4)), SR = tRatio / sqrt(n), n blocks, g3 skewness, g4"
    " kurtosis; t* = (1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e)), g = 0.5772, N = r + (1 - r) M of M trials judged with the mean"
    " correlation r (Bailey and Lopez de Prado 2014; t-ratios without skill have variance 1)",
    "limits": "trials of earlier searches on the same bars are not in N; costs of trading are not in these figures",
}


def leaderboard_of(trials: Sequence[tuple[Choice, Outcome]]) -> Leaderboard:
    measured = [(choice, outcome, None if outcome.gains is None else moments(outcome.gains)) for choice, outcome in trials]
    effective = effective_trials([outcome.gains for _, outcome, of in measured if of is not None and outcome.gains is not None])
    benchmark = expected_maximum(effective)
    places = [_place(choice, outcome, of, benchmark) for choice, outcome, of in measured]
    return Leaderboard(sorted(places, key=_order), effective, benchmark)


def _place(choice: Choice, outcome: Outcome, of: Moments | None, benchmark: float) -> Place:
    if outcome.gains is None:
        return Place(choice, "failed", None, None, outcome.reason)
    if of is None:
        return Place(choice, "loses", None, None, "it gains the same in every block of time")
    score = deflated(of, benchmark)
    if of.mean > 0:
        return Place(choice, "found" if score >= CONFIDENCE else "unsure", of, score, None)
    return Place(choice, "loses", of, score, None)


def _order(place: Place) -> tuple[float, float, float, int]:
    """The deflated score first; where scores are alike, as 1 and 0 are, the t-ratio; then the earlier trial. What has no score is last."""
    if place.of is None or place.deflated is None:
        return (1.0, 0.0, float(place.standing == "failed"), place.choice.number)
    return (-place.deflated, -place.of.t_ratio, 0.0, place.choice.number)
