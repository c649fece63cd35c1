"""How sure a gain is once the choice among many trials is allowed for.

D. Bailey and M. López de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (2014). The Sharpe ratio is that of a trial's
gains, one for each block of time: their mean over their standard deviation, SR; with n blocks the t-ratio of the gain is t = SR √n. Without
skill every t-ratio has variance 1, and the largest of N independent ones is expected to be

    t* = (1 - γ) Φ⁻¹(1 - 1/N) + γ Φ⁻¹(1 - 1/(N e)),    γ of Euler and Mascheroni.

The paper takes the variance from the trials themselves; here it is that of no skill, so that losers do not raise what a winner is held
against. The deflated score is the probability that the true gain is above 0:

    Φ((SR - t*/√n) √(n - 1) / √(1 - γ₃ SR + (γ₄ - 1) SR² / 4)),    γ₃ skewness and γ₄ kurtosis of the gains.

The platform has the same in core/research/overfitting; this is for where the platform is not, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Gains = NDArray[np.float64]
EULER_MASCHERONI = 0.5772156649015329
#: Rounding alone is no second trial.
_SAME = 1 - 1e-12
#: Of two values alone; dividing by less says nothing.
_LEAST_SPREAD = 1e-12


@dataclass(frozen=True)
class Moments:
    """Of the gains of one trial, a number a block of time."""

    blocks: int
    mean: float
    #: Standard error of the mean.
    error: float
    skewness: float
    #: Raw: 3 for the normal distribution.
    kurtosis: float

    @property
    def t_ratio(self) -> float:
        return self.mean / self.error


def moments(gains: Gains) -> Moments | None:
    """None where all gains are the same, as those of a model that says what the baseline says: they have no ratio."""
    distances = gains - gains.mean()
    second = float(np.mean(distances**2))
    if not second > 0:
        return None
    blocks = len(gains)
    return Moments(
        blocks,
        mean=float(gains.mean()),
        error=float(np.sqrt(second / (blocks - 1))),
        skewness=float(np.mean(distances**3) / second**1.5),
        kurtosis=float(np.mean(distances**4) / second**2),
    )


def effective_trials(trials: Sequence[Gains]) -> float:
    """Independent trials that correlated ones are worth: ρ̄ + (1 - ρ̄) M of M trials with the mean correlation ρ̄, below 0 taken as 0 (the
    paper's appendix 3). No trial may have the same gain in every block."""
    if len(trials) < 2:
        return float(len(trials))
    units = [(gains - gains.mean()) / np.linalg.norm(gains - gains.mean()) for gains in trials]
    together = np.sum(units, axis=0)
    count = len(trials)
    # The square of the sum holds each pair's correlation twice, and 1 for each trial.
    correlation = max(0.0, (float(together @ together) - count) / (count * (count - 1)))
    return 1.0 if correlation > _SAME else correlation + (1 - correlation) * count


def expected_maximum(trials: float) -> float:
    """t*, of so many independent trials; 0 for those that leave no choice."""
    from scipy.special import ndtri

    if trials <= 1:
        return 0.0
    # Φ⁻¹(1 - p) is -Φ⁻¹(p), which keeps its digits where there are very many trials.
    body, tail = -float(ndtri(1 / trials)), -float(ndtri(1 / (trials * np.e)))
    return max(0.0, (1 - EULER_MASCHERONI) * body + EULER_MASCHERONI * tail)


def deflated(of: Moments, benchmark: float) -> float:
    """The probability that the true gain is above 0. `benchmark`: t*."""
    from scipy.special import ndtr

    ratio = of.t_ratio / np.sqrt(of.blocks)
    spread = 1 - of.skewness * ratio + (of.kurtosis - 1) / 4 * ratio**2
    distance = (ratio - benchmark / np.sqrt(of.blocks)) * np.sqrt(of.blocks - 1)
    return float(ndtr(distance / np.sqrt(max(spread, _LEAST_SPREAD))))
