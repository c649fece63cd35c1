"""statsmodels: regressions with a likelihood, a correlation or a form that scikit-learn's do not have, as estimators of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import Data, Rows
from ..entry import Choice, Entry, Real, Whole
from ..fit import Fit, fit_estimator

_HOUR_MS = 3_600_000
_HOURS = 24
_CLASSES = 3


def _entry(name: str, of: str, task: Any, category: str, **more: Any) -> Entry:
    more.setdefault("served", "endpoint")
    more.setdefault("target", "label" if task == "classification" else "return")
    return Entry(name=name, of=f"statsmodels.{of}", category=category, task=task, fitter="regressions", scaling="none", **more)


def _counted(name: str, of: str, **more: Any) -> Entry:
    return _entry(name, f"discrete.{of}", "regression", "count", target="count", cost="middle", **more)


Groups = NDArray[np.int64]

REGRESSIONS: tuple[Entry, ...] = (
    _entry("probit", "api.Probit", "classification", "generalized-linear"),
    _entry(
        "grouped-logit",
        "api.GEE",
        "classification",
        "generalized-linear",
        fixed={"correlation": "exchangeable"},
        space={"correlation": Choice(("independence", "exchangeable"))},
    ),
    _entry(
        "mixed-logit",
        "api.BinomialBayesMixedGLM",
        "classification",
        "mixed",
        served="research-only",
        cost="high",
        fixed={"vcp_p": 0.5, "fe_p": 2.0},
        space={"vcp_p": Real(0.1, 2.0), "fe_p": Real(0.5, 4.0)},
    ),
    _entry(
        "additive-logit",
        "gam.api.GLMGam",
        "classification",
        "additive",
        cost="middle",
        fixed={"alpha": 10.0, "df": 5},
        space={"alpha": Real(0.1, 1e3, log=True), "df": Whole(4, 10)},
    ),
    _entry("autoregressive-errors", "api.GLSAR", "regression", "linear", fixed={"rho": 2}, space={"rho": Whole(1, 24)}),
    _entry(
        "robust-regression",
        "api.RLM",
        "regression",
        "linear",
        fixed={"norm": "TukeyBiweight"},
        space={"norm": Choice(("TukeyBiweight", "AndrewWave", "Hampel", "RamsayE"))},
    ),
    _entry("mixed-regression", "api.MixedLM", "regression", "mixed", served="research-only", cost="middle"),
    _entry(
        "additive-regression",
        "gam.api.GLMGam",
        "regression",
        "additive",
        cost="middle",
        fixed={"alpha": 10.0, "df": 5},
        space={"alpha": Real(0.1, 1e3, log=True), "df": Whole(4, 10)},
    ),
    _entry(
        "kernel-regression",
        "nonparametric.kernel_regression.KernelReg",
        "regression",
        "kernel",
        cost="high",
        most_rows=800,
        most_features=3,
        fixed={"kind": "ll", "bandwidth": 1.0},
        space={"kind": Choice(("ll", "lc")), "bandwidth": Real(0.3, 3.0, log=True)},
    ),
    _entry(
        "ordered-logit",
        "miscmodels.ordinal_model.OrderedModel",
        "regression",
        "generalized-linear",
        cost="middle",
        fixed={"distr": "logit"},
        space={"distr": Choice(("logit", "probit"))},
    ),
    _entry("inverse-gaussian", "api.GLM", "regression", "generalized-linear", target="size"),
    _counted("negative-binomial", "discrete_model.NegativeBinomialP", fixed={"p": 2}, space={"p": Choice((1, 2))}),
    _counted("generalized-poisson", "discrete_model.GeneralizedPoisson", fixed={"p": 1}, space={"p": Choice((1, 2))}),
    _counted(
        "zero-inflated-poisson",
        "count_model.ZeroInflatedPoisson",
        fixed={"inflation": "logit"},
        space={"inflation": Choice(("logit", "probit"))},
    ),
    _counted(
        "zero-inflated-negative-binomial",
        "count_model.ZeroInflatedNegativeBinomialP",
        fixed={"inflation": "logit", "p": 2},
        space={"inflation": Choice(("logit", "probit")), "p": Choice((1, 2))},
    ),
    _counted(
        "zero-inflated-generalized-poisson",
        "count_model.ZeroInflatedGeneralizedPoisson",
        fixed={"inflation": "logit", "p": 2},
        space={"inflation": Choice(("logit", "probit")), "p": Choice((1, 2))},
    ),
    _counted("hurdle-counts", "truncated_model.HurdleCountModel", fixed={"dist": "poisson"}, space={"dist": Choice(("poisson", "negbin"))}),
)


def fit(entry: Entry, data: Data, seed: int) -> Fit:
    return fit_estimator(entry, _Regression(entry, _hours(data)), data, seed)


def _hours(data: Data) -> Groups:
    """The hour of the day of each row that is trained on."""
    return data.known[data.train] // _HOUR_MS % _HOURS


class _Regression:
    """`fit`, `predict` and `predict_proba` over a model of statsmodels, as what judges estimators asks for them: of features in
    deviations of those that are fitted, with a constant first."""

    def __init__(self, entry: Entry, groups: Groups) -> None:
        self.entry, self.groups = entry, groups

    def fit(self, rows: Rows, known: Rows) -> _Regression:
        build = _BUILT.get(self.entry.name, _counts if self.entry.target == "count" else _plain)
        self.middle, self.spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-12)
        self.said: Callable[[Rows], Any] = build(self.entry, self._seen(rows), np.asarray(known, np.float64), self.groups)
        return self

    def predict(self, rows: Rows) -> Rows:
        return np.asarray(self.said(self._seen(rows)), np.float64)

    def predict_proba(self, rows: Rows) -> Rows:
        up = np.clip(self.predict(rows), 0, 1)
        return np.column_stack([1 - up, up])

    def _seen(self, rows: Rows) -> Rows:
        return np.column_stack([np.ones(len(rows)), (rows - self.middle) / self.spread])


def _plain(entry: Entry, rows: Rows, known: Rows, groups: Groups) -> Any:
    import statsmodels.api as sm

    made = {
        "probit": lambda: sm.Probit(known, rows).fit(disp=False),
        "inverse-gaussian": lambda: sm.GLM(known, rows, family=sm.families.InverseGaussian(sm.families.links.Log())).fit(),
        "autoregressive-errors": lambda: sm.GLSAR(known, rows, **entry.fixed).iterative_fit(maxiter=5),
        "robust-regression": lambda: sm.RLM(known, rows, M=getattr(sm.robust.norms, entry.fixed["norm"])()).fit(),
        "mixed-regression": lambda: sm.MixedLM(known, rows, groups=groups).fit(),
    }[entry.name]()
    # What is asked is of no group: as the average of groups.
    return lambda asked: made.model.predict(np.asarray(made.params)[: asked.shape[1]], asked)


def _grouped(entry: Entry, rows: Rows, known: Rows, groups: Groups) -> Any:
    import statsmodels.api as sm

    structure = {"independence": sm.cov_struct.Independence, "exchangeable": sm.cov_struct.Exchangeable}[entry.fixed["correlation"]]()
    return sm.GEE(known, rows, groups, family=sm.families.Binomial(), cov_struct=structure).fit().predict


def _mixed_logit(entry: Entry, rows: Rows, known: Rows, groups: Groups) -> Any:
    """An effect of its own for each group, by variational Bayes; what is asked is of none."""
    import statsmodels.api as sm
    from scipy import sparse

    belongs = sparse.csr_matrix((np.ones(len(rows)), (np.arange(len(rows)), groups)))
    model = sm.BinomialBayesMixedGLM(known, rows, belongs, np.zeros(belongs.shape[1], np.int64), **entry.fixed)
    effects = np.asarray(model.fit_vb(minim_opts={"maxiter": 100}).fe_mean)
    return lambda asked: 1 / (1 + np.exp(-(asked @ effects)))


def _additive(entry: Entry, rows: Rows, known: Rows, _groups: Groups) -> Any:
    """A smooth curve of each feature, within what was seen of it."""
    import statsmodels.api as sm
    from statsmodels.gam.api import BSplines, GLMGam

    low, high = rows[:, 1:].min(axis=0), rows[:, 1:].max(axis=0)
    width = rows.shape[1] - 1
    smoother = BSplines(rows[:, 1:], df=[entry.fixed["df"]] * width, degree=[3] * width)
    family = sm.families.Binomial() if entry.task == "classification" else sm.families.Gaussian()
    fitted = GLMGam(known, exog=np.ones((len(rows), 1)), smoother=smoother, alpha=[entry.fixed["alpha"]] * width, family=family).fit()
    return lambda asked: fitted.predict(np.ones((len(asked), 1)), exog_smooth=np.clip(asked[:, 1:], low, high))


def _kernel(entry: Entry, rows: Rows, known: Rows, _groups: Groups) -> Any:
    from statsmodels.nonparametric.kernel_regression import KernelReg

    width = rows.shape[1] - 1
    # Silverman's rule, times what is set.
    breadth = entry.fixed["bandwidth"] * len(rows) ** (-1 / (4 + width)) * rows[:, 1:].std(axis=0)
    made = KernelReg(known, rows[:, 1:], var_type="c" * width, reg_type=entry.fixed["kind"], bw=breadth)
    return lambda asked: made.fit(asked[:, 1:])[0]


def _ordered(entry: Entry, rows: Rows, known: Rows, _groups: Groups) -> Any:
    """The probabilities of low, middle and high returns, times what each of them was on average."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    classes = np.searchsorted(np.quantile(known, np.arange(1, _CLASSES) / _CLASSES), known)
    means = np.array([known[classes == k].mean() for k in range(_CLASSES)])
    # It has thresholds in place of a constant.
    fitted = OrderedModel(classes, rows[:, 1:], distr=entry.fixed["distr"]).fit(method="bfgs", disp=False)
    return lambda asked: np.asarray(fitted.model.predict(fitted.params, exog=asked[:, 1:])) @ means


def _counts(entry: Entry, rows: Rows, known: Rows, _groups: Groups) -> Any:
    import importlib

    module, _, name = entry.of.rpartition(".")
    made = getattr(importlib.import_module(module), name)(known, rows, **entry.fixed)
    # Gradients lead these to parameters without end where the counts hardly vary more than Poisson's.
    fitted = made.fit(disp=False, maxiter=2_000, method="nm" if "negative-binomial" in entry.name else "bfgs")
    if entry.name.startswith("zero-inflated"):
        return lambda asked: fitted.predict(asked, exog_infl=np.ones((len(asked), 1)))
    return fitted.predict


_BUILT: dict[str, Callable[[Entry, Rows, Rows, Groups], Any]] = {
    "grouped-logit": _grouped,
    "mixed-logit": _mixed_logit,
    "additive-logit": _additive,
    "additive-regression": _additive,
    "kernel-regression": _kernel,
    "ordered-logit": _ordered,
}
