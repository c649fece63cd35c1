"""The estimators that can be fitted here: what each is, what a search may turn, and how its fitted model is served.

One entry is one class of a library. Left out: aliases, dummies, estimators that only wrap others or search over one of their settings.
"""

from .classifiers import CLASSIFIERS
from .entry import Choice, Entry, Knob, Real, Whole
from .regressors import REGRESSORS
from .unsupervised import UNSUPERVISED

ENTRIES: tuple[Entry, ...] = (*CLASSIFIERS, *REGRESSORS, *UNSUPERVISED)

__all__ = ["ENTRIES", "Choice", "Entry", "Knob", "Real", "Whole"]
