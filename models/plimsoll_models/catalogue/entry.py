"""What the catalogue says of an estimator."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Task = Literal["classification", "regression", "clustering", "density", "anomaly", "decomposition", "forecast", "volatility", "regime"]
#: How a fitted model answers: `native` by core/models/native, `onnx` by ONNX Runtime, `endpoint` by its own library behind a
#: request, `batch-to-lake` by a job that writes a table, `research-only` not at all.
Served = Literal["onnx", "native", "endpoint", "batch-to-lake", "research-only"]
Cost = Literal["low", "middle", "high"]
#: What rows are put through before the estimator sees them; a part of what is served.
Scaling = Literal["none", "standard", "unit", "bins"]
#: `label`: the table's; `return`: the forward return in deviations of the training's; `size`: its absolute value, for those that take no
#: negative number; `count`: of the bars of that return, those that moved unusually far. Of the series: `price`: the logarithm of the close;
#: `next-return`: from one close to the next; `large-moves`: its size where it is unusual, else 0; `variance`: of the next return;
#: `move-symbols`, `move-counts`, `direction-counts`: of the next returns, as what tells symbols or counts apart sees them.
Target = Literal[
    "label",
    "return",
    "size",
    "count",
    "price",
    "next-return",
    "large-moves",
    "variance",
    "move-symbols",
    "move-counts",
    "direction-counts",
    "features",
]
#: What answers natively, by the exporter in plimsoll_models/export.
Native = Literal["linear", "forest", "gradient-boosting", "lightgbm", "xgboost", "perceptron"]

_LICENCES = {
    "sklearn": "BSD-3-Clause",
    "lightgbm": "MIT",
    "xgboost": "Apache-2.0",
    "statsforecast": "Apache-2.0",
    "arch": "NCSA",
    "hmmlearn": "BSD-3-Clause",
    "river": "BSD-3-Clause",
    "statsmodels": "BSD-3-Clause",
    "catboost": "Apache-2.0",
}
#: Those that look at the series of prices and at no feature.
_OF_SERIES = ("forecast", "volatility", "regime")


@dataclass(frozen=True)
class Whole:
    low: int
    high: int
    log: bool = False

    def about(self) -> dict[str, Any]:
        return {"kind": "whole", "low": self.low, "high": self.high, "log": self.log}


@dataclass(frozen=True)
class Real:
    low: float
    high: float
    log: bool = False

    def about(self) -> dict[str, Any]:
        return {"kind": "real", "low": self.low, "high": self.high, "log": self.log}


@dataclass(frozen=True)
class Choice:
    options: tuple[str | int | float | bool | None, ...]

    def about(self) -> dict[str, Any]:
        return {"kind": "choice", "options": list(self.options)}


Knob = Whole | Real | Choice


def outside(knob: Knob, value: Any) -> str | None:
    """In words, what was wanted; None where the value is in the space."""
    if isinstance(knob, Choice):
        is_one = any(type(value) is type(option) and value == option for option in knob.options)
        return None if is_one else f"one of {', '.join(json.dumps(option) for option in knob.options)}"
    is_number = isinstance(value, (int, float) if isinstance(knob, Real) else int) and not isinstance(value, bool)
    if is_number and knob.low <= value <= knob.high:
        return None
    return f"{'a number' if isinstance(knob, Real) else 'a whole number'} from {knob.low:g} to {knob.high:g}"


@dataclass(frozen=True)
class Part:
    """An object that a constructor is given: another class of the library, and what that is made with."""

    of: str
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    name: str
    #: Module and class.
    of: str
    category: str
    task: Task
    served: Served
    #: Of the constructor, where the library's own default is not what is fitted.
    fixed: Mapping[str, Any] = field(default_factory=dict)
    #: What a search may turn.
    space: Mapping[str, Knob] = field(default_factory=dict)
    cost: Cost = "low"
    scaling: Scaling = "standard"
    target: Target = "return"
    native: Native | None = None
    #: Of a classifier: it says probabilities, not scores alone.
    probabilities: bool = True
    #: The latest rows alone are fitted, where the cost grows faster than the rows.
    most_rows: int | None = None
    #: The first features alone are taken.
    most_features: int | None = None
    #: Judged by absolute errors, which its median makes small, not by squared ones.
    absolute: bool = False
    #: The module in catalogue/classical that fits and judges it, where it is no estimator that is fitted on rows and then asked.
    fitter: str | None = None
    #: Of those that look at the series of prices: this one looks at features beside it.
    beside: bool = False

    @property
    def library(self) -> str:
        return self.of.split(".")[0]

    @property
    def licence(self) -> str:
        return _LICENCES[self.library]

    @property
    def inputs(self) -> str:
        features = f"float32[rows, {self.most_features or 'features'}]"
        if self.task in _OF_SERIES:
            return f"{features}, float64[rows]" if self.beside else "float64[rows]"
        return features

    @property
    def looks_at_features(self) -> bool:
        return self.beside or self.task not in _OF_SERIES

    @property
    def outputs(self) -> tuple[str, ...]:
        if self.task == "classification":
            return ("label", "probabilities" if self.probabilities else "score")
        return {
            "regression": ("value",),
            "clustering": ("group",),
            "density": ("log-likelihood",),
            "anomaly": ("label", "score"),
            "forecast": ("values",),
            "volatility": ("variance",),
            "regime": ("probabilities",),
        }.get(self.task, ("components",))

    @property
    def judged_by(self) -> Target:
        """What its answers are compared with."""
        if self.task in ("classification", "anomaly"):
            return "label" if self.task == "classification" else "size"
        return "features" if self.task in ("clustering", "density", "decomposition") else self.target

    def make(self, seed: int) -> Any:
        """The estimator alone, unfitted, one thread, with this seed where it draws."""
        made = named(self.of)(**self.fixed)
        known = made.get_params()
        unknown = set(self.space) - set(known)
        if unknown:
            raise ValueError(f"{self.name} has no parameter {', '.join(sorted(unknown))}: the space names what cannot be set")
        settings = {key: value for key, value in (("random_state", seed), ("n_jobs", 1)) if key in known}
        return made.set_params(**settings)

    def about(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "of": self.of,
            "category": self.category,
            "task": self.task,
            "inputs": self.inputs,
            "outputs": list(self.outputs),
            "target": self.judged_by,
            "space": {name: knob.about() for name, knob in self.space.items()},
            "cost": self.cost,
            "licence": self.licence,
            "served": self.served,
        }


def named(of: str) -> Any:
    """The class that a name with its module names; its library is imported."""
    module, _, name = of.rpartition(".")
    return getattr(importlib.import_module(module), name)
