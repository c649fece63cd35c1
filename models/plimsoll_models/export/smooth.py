"""Models of sums and products: linear, support vectors, perceptron; each alone or behind a StandardScaler."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .container import pack
from .trees import NotExportable


def linear(model: Any, features: Sequence[str], scaler: Any = None) -> bytes:
    """LogisticRegression, LinearRegression, Ridge and others that are a weighted sum."""
    classes = [float(label) for label in getattr(model, "classes_", [])]
    header = {"kind": "linear", "link": _link(classes)}
    arrays = {
        "weights": np.atleast_2d(model.coef_).astype("<f8"),
        "intercept": np.atleast_1d(model.intercept_).astype("<f8"),
    }
    return _pack(header, arrays, features, classes, scaler)


def support_vectors(model: Any, features: Sequence[str], sigmoid: tuple[float, float], scaler: Any = None) -> bytes:
    """A two-class SVC with a radial kernel. `sigmoid`: slope and offset that make a probability of its decision value."""
    if model.kernel != "rbf" or len(model.classes_) != 2:
        raise NotExportable("only a support vector machine with a radial kernel and two classes can be exported")
    header = {
        "kind": "vectors",
        "intercept": float(model.intercept_[0]),
        "gamma": float(model._gamma),
        "slope": float(sigmoid[0]),
        "offset": float(sigmoid[1]),
    }
    arrays = {
        "coefficients": np.asarray(model.dual_coef_[0], "<f8"),
        "vectors": np.asarray(model.support_vectors_, "<f8"),
    }
    return _pack(header, arrays, features, [float(label) for label in model.classes_], scaler)


def perceptron(model: Any, features: Sequence[str], scaler: Any = None) -> bytes:
    """MLPClassifier and MLPRegressor."""
    classes = [float(label) for label in getattr(model, "classes_", [])]
    header = {"kind": "perceptron", "link": _link(classes), "activation": model.activation}
    arrays: dict[str, np.ndarray] = {"sizes": np.array([len(bias) for bias in model.intercepts_], "<i4")}
    for k, (weights, biases) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        arrays[f"weights{k}"] = np.ascontiguousarray(weights.T).astype("<f8")
        arrays[f"biases{k}"] = np.asarray(biases, "<f8")
    return _pack(header, arrays, features, classes, scaler)


def _link(classes: Sequence[float]) -> str:
    return "identity" if not classes else "logistic" if len(classes) == 2 else "softmax"


def _pack(
    header: dict[str, Any], arrays: dict[str, np.ndarray], features: Sequence[str], classes: Sequence[float], scaler: Any
) -> bytes:
    if scaler is not None:
        count = len(features)
        mean = scaler.mean_ if scaler.with_mean else np.zeros(count)
        scale = scaler.scale_ if scaler.with_std else np.ones(count)
        arrays = {**arrays, "mean": np.asarray(mean, "<f8"), "scale": np.asarray(scale, "<f8")}
    return pack({**header, "features": list(features), "classes": list(classes)}, arrays)
