"""CatBoost: trees that ask one question a level, of a rise or fall and of the return."""

from __future__ import annotations

from typing import Any

from ..entry import Entry, Knob, Real, Whole

_FIXED = {"iterations": 60, "depth": 4, "learning_rate": 0.05, "allow_writing_files": False, "verbose": False, "thread_count": 1}
_SPACE: dict[str, Knob] = {
    "iterations": Whole(20, 400, log=True),
    "depth": Whole(2, 10),
    "learning_rate": Real(0.01, 0.3, log=True),
    "l2_leaf_reg": Real(1.0, 30.0, log=True),
}


def _entry(name: str, of: str, task: Any) -> Entry:
    return Entry(
        name=name,
        of=f"catboost.{of}",
        category="boosting",
        task=task,
        served="onnx",
        scaling="none",
        cost="middle",
        target="label" if task == "classification" else "return",
        fixed=_FIXED | {"l2_leaf_reg": 3.0},
        space=_SPACE,
    )


BOOSTING: tuple[Entry, ...] = (
    _entry("catboost-classifier", "CatBoostClassifier", "classification"),
    _entry("catboost", "CatBoostRegressor", "regression"),
)
