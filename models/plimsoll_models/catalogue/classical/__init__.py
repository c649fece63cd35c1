"""Models of time, of variance, of regimes and of streams: what models/requirements/classical.txt installs."""

from ..entry import Entry
from .boosting import BOOSTING
from .forecasts import FORECASTS
from .hidden_markov import HIDDEN_MARKOV
from .learners import LEARNERS
from .regressions import REGRESSIONS
from .structural import STRUCTURAL
from .volatility import VOLATILITY

CLASSICAL: tuple[Entry, ...] = (
    *BOOSTING,
    *FORECASTS,
    *HIDDEN_MARKOV,
    *LEARNERS,
    *REGRESSIONS,
    *STRUCTURAL,
    *VOLATILITY,
)
