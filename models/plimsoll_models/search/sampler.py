"""What is tried next, from what the earlier trials gained."""

from __future__ import annotations

from collections.abc import Sequence

from .estimators import SEARCHED, suggested
from .trial import Choice


class Sampler:
    """Optuna's tree-structured Parzen estimator (Bergstra et al. 2011), seeded, in memory: told of the same gains it asks for the same
    trials, so that finished trials are all that has to be kept of it."""

    def __init__(self, tables: Sequence[str], estimators: Sequence[str], seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._failed = optuna.trial.TrialState.FAIL
        self._study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        self._tables = list(tables)
        self._estimators = list(estimators)

    def ask(self) -> Choice:
        asked = self._study.ask()
        table = asked.suggest_categorical("table", self._tables)
        estimator = asked.suggest_categorical("estimator", self._estimators)
        return Choice(asked.number, table, estimator, suggested(asked, SEARCHED[estimator]))

    def tell(self, choice: Choice, gain: float | None) -> None:
        """`gain`: None where the estimator failed."""
        if gain is None:
            self._study.tell(choice.number, state=self._failed)
        else:
            self._study.tell(choice.number, gain)
