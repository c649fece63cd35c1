"""What the catalogue says of an estimator."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Task = Literal["classification", "regression", "clustering", "density", "anomaly", "decomposition"]
#: How a fitted model answers: `native` by core/models/native, `onnx` by ONNX Runtime, `endpoint` by its own library behind a
#: request, `batch-to-lake` by a job that writes a table, `research-only` not at all.
Served = Literal["onnx", "native", "endpoint", "batch-to-lake", "research-only"]
Cost = Literal["low", "middle", "high"]
#: What rows are put through before the estimator sees them; a part of what is served.
Scaling = Literal["none", "standard", "unit", "bins"]
#: `return`: the forward return in deviations of the training's; `size`: its absolute value, for those that take no negative number.
Target = Literal["return", "size"]
#: What answers natively, by the exporter in plimsoll_models/export.
Native = Literal["linear", "forest", "gradient-boosting", "lightgbm", "xgboost", "perceptron"]

_LICENCES = {"sklearn": "BSD-3-Clause", "lightgbm": "MIT", "xgboost": "Apache-2.0"}


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

    @property
    def library(self) -> str:
        return self.of.split(".")[0]

    @property
    def licence(self) -> str:
        return _LICENCES[self.library]

    @property
    def inputs(self) -> str:
        return f"float32[rows, {self.most_features or 'features'}]"

    @property
    def outputs(self) -> tuple[str, ...]:
        if self.task == "classification":
            return ("label", "probabilities" if self.probabilities else "score")
        return {"regression": ("value",), "clustering": ("group",), "density": ("log-likelihood",), "anomaly": ("label", "score")}.get(
            self.task, ("components",)
        )

    def make(self, seed: int) -> Any:
        """The estimator alone, unfitted, one thread, with this seed where it draws."""
        module, _, name = self.of.rpartition(".")
        made = getattr(importlib.import_module(module), name)(**self.fixed)
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
            "space": {name: knob.about() for name, knob in self.space.items()},
            "cost": self.cost,
            "licence": self.licence,
            "served": self.served,
        }
