"""Batches of the group `classical`, whose libraries are 1 GB: what a row says, and that it knows nothing of later bars."""

from __future__ import annotations

import logging
import os
import unittest
from typing import Any

import numpy as np

from plimsoll_models.batch import regimes, volatility
from plimsoll_models.batch.bars import Bars
from plimsoll_models.batch.rows import MISSING
from plimsoll_models.batch.wanted import Parameters, entry_of
from plimsoll_models.catalogue import CLASSICAL
from plimsoll_models.job.determinism import settings

from recorded import Columns, bars_of, cut, drawn, peeking, said, values

# A job starts its program again under other settings, and here that program is the tests.
assert all(os.environ.get(name) == value for name, value in settings(seed=0, threads=1).items()), "start with the settings of seed 0"
logging.getLogger("hmmlearn").setLevel(logging.CRITICAL)

ENTRIES = {entry.name: entry for entry in CLASSICAL if entry.served == "batch-to-lake"}
WINDOW = 150
REFIT = 11
#: Blocks begin at the bars 155, 166 and 177.
START = 158
BARS = 180


class NoLookaheadTest(unittest.TestCase):
    """Of every entry of the group."""

    columns: Columns
    whole: dict[str, list[Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.columns = drawn(BARS)
        cls.whole = {name: asked(name, bars_of(cls.columns, START)) for name in ENTRIES}

    def test_every_bar_has_a_value(self) -> None:
        for name, found in self.whole.items():
            self.assertEqual([each for each in found if each in MISSING], [], name)

    def test_a_series_that_is_cut_gives_the_same_bits_up_to_there(self) -> None:
        """In the middle of a block, and at its first bar."""
        for count in (172, 178):
            for name, whole in self.whole.items():
                with self.subTest(name=name, count=count):
                    self.assertEqual(asked(name, cut(bars_of(self.columns, START), count)), whole[: count - START])

    def test_and_a_bar_too_many_is_found(self) -> None:
        """Of each that says a number and not which of a few states it is: by a forecast where it is made, by a volatility of every bar."""
        # A large move, or those that forecast these have nothing new to see.
        moved = dict(self.columns, close=self.columns["close"].copy())
        moved["close"][167] *= 1.02
        for name, entry in ENTRIES.items():
            if entry.task == "regime":
                continue
            columns, count = (moved, 167) if entry.task == "forecast" else (self.columns, 172)
            short, long = (asked(name, peeking(cut(bars_of(columns, 166), bars))) for bars in (count, count + 1))
            with self.subTest(name=name):
                self.assertNotEqual(short, long[:-1])

    def test_a_table_that_is_continued_has_the_same_bits_as_one_from_the_beginning(self) -> None:
        start = 169
        late = {name: column[start - WINDOW - REFIT + 1 :] for name, column in self.columns.items()}
        for name, whole in self.whole.items():
            with self.subTest(name=name):
                self.assertEqual(asked(name, bars_of(late, WINDOW + REFIT - 1)), whole[start - START :])


def asked(name: str, bars: Bars) -> list[Any]:
    return said(name, bars, window=WINDOW, refit=REFIT)


class ValueTest(unittest.TestCase):
    def setUp(self) -> None:
        self.columns = drawn(BARS)
        self.log_close = np.log(self.columns["close"])

    def test_a_forecast_is_of_the_next_bars_return_as_it_was_at_the_last_fit(self) -> None:
        found = values(asked("window-average", bars_of(self.columns, 166)))
        average = self.log_close[166 - 11 : 167].mean()
        # A level that stays: all that is expected is expected of the first bar.
        self.assertAlmostEqual(found[0], average - self.log_close[166], places=12)
        np.testing.assert_allclose(found[1:11], 0, atol=1e-12)

    def test_a_large_move_is_forecast_as_a_size(self) -> None:
        found = values(asked("croston", bars_of(self.columns, START)))
        self.assertTrue((found > 0).all() and (found < np.abs(np.diff(self.log_close)).max()).all())

    def test_a_volatility_is_the_deviation_of_the_next_return(self) -> None:
        bars = bars_of(self.columns)
        fitted = volatility.fit(entry_of(Parameters("garch", WINDOW, REFIT)), bars.seen(17, 166), 0)
        omega, alpha, beta = fitted._parameters
        moves = np.diff(self.log_close[17:170]) / fitted._spread
        # The recursion begins with what the library begins with: a weighted mean of the first squares.
        weights = 0.94 ** np.arange(75)
        variance = float((moves[:75] ** 2 * weights / weights.sum()).sum())
        variance = omega + (alpha + beta) * variance
        for move in moves:
            variance = omega + alpha * move**2 + beta * variance
        self.assertAlmostEqual(fitted.said(bars.seen(17, 169)), np.sqrt(variance) * fitted._spread, places=12)

    def test_a_distribution_can_be_chosen(self) -> None:
        normal, heavy = (values(said("garch", bars_of(self.columns, 178), window=WINDOW, **given)) for given in ({}, {"distribution": "t"}))
        self.assertTrue((normal != heavy).all())

    def test_a_regime_is_that_of_the_filter_and_in_order_of_variance(self) -> None:
        bars = bars_of(self.columns)
        fitted = regimes.fit(entry_of(Parameters("gaussian-hidden-markov", WINDOW, REFIT, '{"n_components": 2}')), bars.seen(17, 166), 5)
        self.assertIsInstance(fitted, regimes.HiddenMarkov)
        model, moves = fitted._model, np.diff(self.log_close[17:173]) / np.diff(self.log_close[17:167]).std()
        shares = model.startprob_
        for move in moves:
            variance = model.covars_[:, 0, 0]
            likely = np.exp(-((move - model.means_[:, 0]) ** 2) / (2 * variance)) / np.sqrt(variance)
            joint = shares * likely
            last, shares = joint / joint.sum(), joint / joint.sum() @ model.transmat_
        # Asked of a later bar at once, it has gone on over those between.
        said_of = fitted.said(bars.seen(17, 172))
        np.testing.assert_allclose(fitted._now, last, rtol=1e-9)
        calmest = int(np.argmin(model.covars_[:, 0, 0]))
        self.assertEqual(said_of, float(int(np.argmax(last)) != calmest))

    def test_states_follow_calm_and_restless_bars(self) -> None:
        columns = drawn(BARS)
        restless = np.arange(BARS) // 25 % 2 == 1
        for name in ("gaussian-hidden-markov", "switching-autoregression", "count-hidden-markov"):
            given = {} if name == "switching-autoregression" else {"n_components": 2}
            found = values(said(name, bars_of(columns, START), window=WINDOW, refit=REFIT, **given))
            with self.subTest(name=name):
                # The bars up to 174 are calm, and the last five are not.
                self.assertGreater(found[restless[START:]].mean(), found[~restless[START:]].mean())


if __name__ == "__main__":
    unittest.main()
