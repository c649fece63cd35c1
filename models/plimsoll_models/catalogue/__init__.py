"""The models that can be fitted here: what each is, what a search may turn, and how its fitted model is served.

One entry is one class of a library, or one specification where a class is a family of models (the variances of arch). Left out: aliases,
also of a model that another library has, dummies, and what only wraps others or searches over one of their settings. No library is imported
by naming its models.
"""

from .classical import CLASSICAL
from .classifiers import CLASSIFIERS
from .entry import Choice, Entry, Knob, Part, Real, Whole
from .regressors import REGRESSORS
from .unsupervised import UNSUPERVISED

#: Of models/requirements/core.txt.
ENTRIES: tuple[Entry, ...] = (*CLASSIFIERS, *REGRESSORS, *UNSUPERVISED)
#: By what has to be installed: models/requirements/GROUP.txt.
GROUPS: dict[str, tuple[Entry, ...]] = {"core": ENTRIES, "classical": CLASSICAL}

__all__ = ["CLASSICAL", "ENTRIES", "GROUPS", "Choice", "Entry", "Knob", "Part", "Real", "Whole"]
