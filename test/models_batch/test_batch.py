"""Batches of the group `core`: what a row says, that it knows nothing of later bars, and what is refused."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from plimsoll_models.batch.bars import Bars
from plimsoll_models.batch.fitted import variance_order
from plimsoll_models.batch.plan import Block, blocks_of, parts_of
from plimsoll_models.batch.rows import FITTERS, MISSING
from plimsoll_models.catalogue import CLASSICAL, ENTRIES
from plimsoll_models.catalogue.data import HORIZON
from plimsoll_models.job.determinism import settings
from recorded import BEGIN_MS, HOUR_MS, BatchJob, Columns, bars_of, cut, drawn, peeking, said, values

# A job starts its program again under other settings, and here that program is the tests.
assert all(os.environ.get(name) == value for name, value in settings(seed=0, threads=1).items()), "start with the settings of seed 0"
holder = tempfile.TemporaryDirectory(prefix="plimsoll-batch-")
unittest.addModuleCleanup(holder.cleanup)

CORE = [entry.name for entry in ENTRIES if entry.served == "batch-to-lake"]
WINDOW = 100
REFIT = 11
BARS = 127
#: Blocks begin at the bars 100, 111 and 122.
START = 103


class NoLookaheadTest(unittest.TestCase):
    """Of every entry of the group."""

    columns: Columns
    whole: dict[str, list[Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.columns = drawn(BARS)
        # A bar is never of the group of the bar before.
        cls.columns["noise"] += np.where(np.arange(BARS) % 2 == 0, -9, 9).astype(np.float32)
        cls.whole = {name: asked(name, bars_of(cls.columns, START)) for name in CORE}

    def test_every_bar_has_a_value(self) -> None:
        for name, found in self.whole.items():
            self.assertEqual([each for each in found if each in MISSING], [], name)

    def test_a_series_that_is_cut_gives_the_same_bits_up_to_there(self) -> None:
        """In the middle of a block, and at its first bar."""
        for count in (114, 123):
            for name, whole in self.whole.items():
                with self.subTest(name=name, count=count):
                    self.assertEqual(asked(name, cut(bars_of(self.columns, START), count)), whole[: count - START])

    def test_and_a_bar_too_many_is_found_in_each(self) -> None:
        found = []
        for name in CORE:
            short, long = (asked(name, peeking(cut(bars_of(self.columns, 111), count))) for count in (114, 115))
            if short != long[:-1]:
                found.append(name)
        self.assertEqual(found, CORE)

    def test_a_table_that_is_continued_has_the_same_bits_as_one_from_the_beginning(self) -> None:
        start = START + 11
        # What has to stand before: a window, and the bars since the fit.
        late = {name: column[start - WINDOW - REFIT + 1 :] for name, column in self.columns.items()}
        for name, whole in self.whole.items():
            with self.subTest(name=name):
                self.assertEqual(asked(name, bars_of(late, WINDOW + REFIT - 1)), whole[start - START :])

    def test_twice_the_same(self) -> None:
        for name in ("spectral-groups", "robust-covariance", "label-spreading"):
            self.assertEqual(asked(name, bars_of(self.columns, START)), self.whole[name], name)


def asked(name: str, bars: Bars) -> list[Any]:
    return said(name, bars, window=WINDOW, refit=REFIT, **({"eps": 1.0} if name == "density-groups" else {}))


class ValueTest(unittest.TestCase):
    def test_every_task_of_an_entry_that_is_served_so_can_be_asked(self) -> None:
        served = [entry for entry in (*ENTRIES, *CLASSICAL) if entry.served == "batch-to-lake"]
        self.assertEqual({entry.task for entry in served}, set(FITTERS))

    def test_a_density_is_that_of_the_windows_normal_distribution(self) -> None:
        columns = drawn(BARS)
        features = bars_of(columns).features
        # The block of the last bars was fitted at the last number that 7 divides.
        at = max(k for k in range(BARS) if columns["time"][k] // HOUR_MS % 7 == 0)
        seen = features[at - WINDOW + 1 : at + 1]
        standing = (seen - seen.mean(axis=0)) / seen.std(axis=0)
        row = (features[-1] - seen.mean(axis=0)) / seen.std(axis=0)
        expected = stats.multivariate_normal(standing.mean(axis=0), np.cov(standing.T, bias=True)).logpdf(row)
        self.assertAlmostEqual(values(said("covariance", bars_of(columns, BARS - 1)))[0], expected, places=9)

    def test_a_propagated_label_is_one_that_was_known(self) -> None:
        columns = drawn(BARS)
        # A rise of every bar of which that is known when it is fitted, whatever comes after.
        at = max(k for k in range(BARS) if columns["time"][k] // HOUR_MS % 7 == 0)
        columns["close"] = np.exp(np.where(np.arange(BARS) <= at, 1e-3, -1e-1) * np.arange(BARS)) * 100
        self.assertEqual(set(said("label-propagation", bars_of(columns, at))), {"one-class"})
        columns["close"][at - HORIZON - 3 : at] *= 0.5
        probabilities = values(said("label-propagation", bars_of(columns, at)))
        self.assertTrue(((probabilities >= 0) & (probabilities <= 1)).all())

    def test_groups_are_in_order_of_the_variance_of_their_bars(self) -> None:
        columns = drawn(BARS)
        # Two groups that lie far from each other; one is of restless bars.
        columns["noise"] = np.where(np.arange(BARS) // 25 % 2 == 0, -9, 9).astype(np.float32)
        for name in ("merged-groups", "density-groups-by-level", "spectral-groups"):
            found = values(said(name, bars_of(columns, 105), **({"n_clusters": 2} if name != "density-groups-by-level" else {})))
            with self.subTest(name=name):
                calm = np.arange(105, BARS) // 25 % 2 == 0
                self.assertEqual(set(found[calm]), {0.0})
                self.assertGreater(found[~calm].min(), 0.0)

    def test_a_bar_out_of_reach_is_of_no_group(self) -> None:
        columns = drawn(BARS)
        columns["noise"][BARS - 1] = 1e4
        self.assertEqual(values(said("density-groups", bars_of(columns, BARS - 2)))[-1], -1.0)

    def test_a_state_without_bars_comes_last(self) -> None:
        moves = np.array([3.0, -3.0, 1.0, -1.0])
        shares = np.array([[0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], np.float64)
        self.assertEqual(variance_order(moves, shares).tolist(), [2.0, 1.0, 0.0])


class MissingTest(unittest.TestCase):
    """A bar without a value says why, and the table goes on."""

    def test_before_the_first_window_is_full(self) -> None:
        reasons = said("covariance", bars_of(drawn(BARS)))
        first = next(k for k, each in enumerate(reasons) if each != "too-few-rows")
        # The first bar with a window behind it at which a fit is made.
        self.assertEqual(first, min(k for k in range(WINDOW - 1, BARS) if (BEGIN_MS // HOUR_MS + k) % 7 == 0))
        self.assertNotIn("too-few-rows", reasons[first:])

    def test_where_no_close_of_the_window_moves(self) -> None:
        columns = drawn(BARS)
        columns["close"][: BARS - 1] = 100.0
        for name in ("covariance", "merged-groups", "label-propagation"):
            self.assertEqual(set(said(name, bars_of(columns, BARS - 3))), {"no-spread"}, name)

    def test_where_the_library_cannot_fit_it(self) -> None:
        columns = drawn(BARS)
        columns["range"], columns["before"] = (columns["noise"],) * 2
        notes: list[str] = []
        found = said("graphical-lasso", bars_of(columns, BARS - 2), notes=notes, alpha=0.001)
        self.assertEqual(set(found), {"fit-failed"})
        self.assertRegex(notes[0], "graphical-lasso cannot be fitted at the bar of [0-9]+: [A-Za-z]+: ")
        flat = drawn(BARS)
        flat["noise"] = np.zeros(BARS, np.float32)
        self.assertEqual(set(said("covariance", bars_of(flat, BARS - 2))), {"no-number"})


class PlanTest(unittest.TestCase):
    def test_a_block_begins_where_its_number_divides_or_with_the_next_bar_that_is_there(self) -> None:
        hours = np.array([46, 47, 48, 49, 70, 71, 97, 98, 144])
        self.assertEqual(blocks_of(hours * HOUR_MS, HOUR_MS, 24), [Block(0, 1), Block(2, 5), Block(6, 7), Block(8, 8)])
        self.assertEqual(len(blocks_of(hours * HOUR_MS, HOUR_MS, 1)), len(hours))

    def test_parts_are_whole_blocks(self) -> None:
        blocks = [Block(0, 1), Block(2, 5), Block(6, 7), Block(8, 8)]
        self.assertEqual([len(part) for part in parts_of(blocks, 4)], [2, 2])
        self.assertEqual([len(part) for part in parts_of(blocks, 2)], [1, 1, 1, 1])


class JobTest(unittest.TestCase):
    """Whole jobs by the contract."""

    def job(self, columns: Columns | None = None, **hyperparameters: Any) -> BatchJob:
        return BatchJob(Path(tempfile.mkdtemp(dir=holder.name)), columns or drawn(180), **hyperparameters)

    def test_leaves_a_table_and_what_it_is(self) -> None:
        job = self.job(entry="density-groups", seed=0, set={"eps": 1.5})
        job.about["from"] = int(job.columns["time"][90])
        self.assertEqual(job.run(), (0, ""))
        rows, left = job.rows(), job.left()
        self.assertEqual(list(rows), ["time", "close", "value", "fitted", "missing"])
        self.assertEqual((rows["time"], rows["close"]), (job.columns["time"][90:].tolist(), job.columns["close"][90:].tolist()))
        missing = [reason is not None for reason in rows["missing"]]
        self.assertEqual(missing, [hour < 120 for hour in range(90, 180)])
        self.assertEqual([bool(np.isnan(value)) for value in rows["value"]], missing)
        self.assertEqual(rows["fitted"], [BEGIN_MS + HOUR_MS * (hour // 24 * 24) for hour in range(90, 180)])
        content = (job.base / "model/predictions.parquet").read_bytes()
        self.assertEqual(left.pop("sha256"), hashlib.sha256(content).hexdigest())
        self.assertEqual(set(left.pop("versions")), {"numpy", "python", "scikit-learn", "scipy"})
        self.assertEqual(left, {"format": "plimsoll-batch/1", "rows": 90, "entry": "density-groups", "seed": 0, "missing": 30})

    def test_the_same_bytes_from_the_beginning_and_from_checkpoints(self) -> None:
        jobs = [self.job(entry="spectral-groups", refit=30) for _ in range(2)]
        for job in (*jobs, jobs[1]):
            self.assertEqual(job.run()[0], 0)
        first, second = ((job.base / "model/predictions.parquet").read_bytes() for job in jobs)
        self.assertEqual(first, second)

    def test_refuses_what_cannot_be_asked_for(self) -> None:
        absent = next((entry.name for entry in CLASSICAL if entry.task == "volatility" and importlib.util.find_spec("arch") is None), None)
        bad: list[tuple[dict[str, Any], str]] = [
            ({"entry": "covariances"}, "BATCH_ENTRY: the catalogue has no 'covariances'; is covariance meant?"),
            ({"entry": "ridge"}, "BATCH_ENTRY: ridge is served as native, and a batch is of one that is batch-to-lake"),
            ({"set": {"alpha": 1}}, "BATCH_SET: set: covariance has no 'alpha' to be set (it has: assume_centered)"),
            ({"set": {"assume_centered": 1}}, "BATCH_SET: set: assume_centered is 1, not one of false, true"),
            ({"entry": "density-groups", "set": {"eps": 9}}, "BATCH_SET: set: eps is 9, not a number from 0.5 to 5"),
            ({"entry": "density-groups", "set": {"eps": float("nan")}}, "BATCH_SET: set: eps is NaN, not a number from 0.5 to 5"),
            ({"set": "[1]"}, "BATCH_SET: set: it is no JSON object"),
            ({"set": "{"}, "BATCH_SET: set: it is no JSON"),
            ({"entry": "spectral-groups", "window": 401}, "BATCH_WINDOW: spectral-groups is fitted on 400 bars at most"),
            ({"entry": "theta", "refit": 25}, "BATCH_REFIT: theta forecasts 24 bars, and refit is 25"),
            ({"window": 99}, "JOB_HYPERPARAMETERS: window is '99', not from 100 to 20000"),
            ({"window": 20_001}, "JOB_HYPERPARAMETERS: window is"),
            ({"refit": 0}, "JOB_HYPERPARAMETERS: refit is '0', not from 1 to 10000"),
            ({"seed": -1}, "JOB_HYPERPARAMETERS: seed is"),
        ]
        if absent:
            bad.append(
                ({"entry": absent}, f"BATCH_LIBRARY: {absent} is of arch, which this Python does not have; install models/requirements/")
            )
        for given, reason in bad:
            with self.subTest(given=given):
                code, failure = self.job(**given).run()
                self.assertEqual(code, 2)
                self.assertTrue(failure.startswith(reason), failure)

    def refused(self, reason: str, change: Callable[[BatchJob], None] = lambda _: None, **more: Any) -> None:
        job = self.job()
        change(job)
        code, failure = job.run(**more)
        self.assertEqual(code, 1)
        self.assertTrue(failure.startswith(reason), failure)

    def test_refuses_bars_that_are_not_those_that_were_written(self) -> None:
        def longer(channel: Path) -> None:
            with open(channel / "bars.parquet", "ab") as file:
                file.write(b"x")

        self.refused("BATCH_BARS_CHANGED: bars.parquet is not the file that bars.json describes", before=longer)
        self.refused("BATCH_BARS_MISSING: ", before=lambda channel: (channel / "bars.parquet").unlink())
        self.refused("BATCH_BARS_MISSING: ", before=lambda channel: (channel / "bars.json").unlink())

    def test_refuses_bars_that_are_not_described(self) -> None:
        for about in (
            {"format": "plimsoll-features/1"},
            {"features": "range"},
            {"features": ["range", "range"]},
            {"features": ["range", "before"]},
            {"features": ["range", "before", "close"]},
            {"features": [f"f-{k}" for k in range(31)]},
            {"timeframeMs": 0},
            {"timeframeMs": 3.6e6},
            {"from": "2020-01-01"},
        ):
            with self.subTest(about=about):
                self.refused("BATCH_BARS_INVALID: these are no bars to predict: ", lambda job, about=about: job.about.update(about))

    def test_refuses_bars_that_are_no_bars(self) -> None:
        def put(name: str, place: int, value: float) -> Callable[[BatchJob], None]:
            return lambda job: job.columns[name].__setitem__(place, value)

        def swapped(job: BatchJob) -> None:
            job.columns["time"][[3, 4]] = job.columns["time"][[4, 3]]

        nothing: NDArray[Any] = np.full(180, None)
        nothing[1:] = 1.0
        bad: list[tuple[str, Callable[[BatchJob], None]]] = [
            ("close of bar 7 is no number", put("close", 7, np.nan)),
            ("range of bar 9 is no number", put("range", 9, np.inf)),
            ("low of bar 2 is no positive number", put("low", 2, -1)),
            ("bar 4 opens at", swapped),
            ("bar 5 opens at", put("time", 5, BEGIN_MS + 4 * HOUR_MS)),
            ("the column volume is float, not double", lambda job: job.columns.update(volume=np.ones(180, np.float32))),
            ("the column noise is double, not float", lambda job: job.columns.update(noise=np.ones(180))),
            ("the column open has 1 holes", lambda job: job.columns.update(open=nothing)),
            ("their columns are not those that they name: extra", lambda job: job.columns.update(extra=np.ones(180))),
            ("their columns are not those that they name: low", lambda job: job.columns.__delitem__("low")),
            ("there are 0 of them", lambda job: job.columns.update({name: column[:0] for name, column in job.columns.items()})),
        ]
        for reason, change in bad:
            with self.subTest(reason=reason):
                self.refused(f"BATCH_BARS_INVALID: these are no bars to predict: {reason}", change)
        self.refused("BATCH_BARS_INVALID: these are no bars to predict: bars.parquet cannot be read", before=_scrawled)

    def test_refuses_bars_that_nothing_can_be_said_of(self) -> None:
        self.refused("BATCH_ROWS: there are 180 bars, and the window is 200", lambda job: job.hyperparameters.update(window=200))
        self.refused("BATCH_ROWS: no bar opens at", lambda job: job.about.update({"from": int(job.columns["time"][-1]) + 1}))
        self.refused("BATCH_NO_SPREAD: every close is 5: there is nothing", lambda job: job.columns.update(close=np.full(180, 5.0)))

        def bare(job: BatchJob) -> None:
            job.columns = {name: column for name, column in job.columns.items() if name not in job.about["features"]}
            job.about["features"] = []

        self.refused("BATCH_FEATURES: covariance looks at features, and the bars have none", bare)


def _scrawled(channel: Path) -> None:
    import json

    (channel / "bars.parquet").write_bytes(b"no parquet")
    about = json.loads((channel / "bars.json").read_text())
    about["sha256"] = hashlib.sha256(b"no parquet").hexdigest()
    (channel / "bars.json").write_text(json.dumps(about))


if __name__ == "__main__":
    unittest.main()
