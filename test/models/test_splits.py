"""Splits of rows in time."""

import importlib.util
import itertools
import math
import sys
import unittest
from unittest.mock import MagicMock

import numpy as np
from plimsoll_models import splits


def without_its_init(name: str) -> None:
    """A package whose modules can be imported one by one: what its __init__ draws in (solvers, plots) is not
    installed."""
    sys.modules[name] = importlib.util.module_from_spec(importlib.util.find_spec(name))


for package in ("skfolio", "skfolio.model_selection", "skfolio.utils"):
    without_its_init(package)
for package in ("cvxpy", "plotly", "plotly.graph_objects"):
    sys.modules[package] = MagicMock()

from skfolio.model_selection._combinatorial import CombinatorialPurgedCV  # noqa: E402
from skfolio.model_selection._walk_forward import WalkForward  # noqa: E402

BAR = 3_600_000


def spans(count: int, bars: int) -> tuple[np.ndarray, np.ndarray]:
    """One row a bar, each label known `bars` later."""
    start = np.arange(count) * BAR
    return start, start + bars * BAR


def random_spans(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Some rows at one time, gaps, and labels from 0 to 30 long."""
    start = np.sort(random.integers(0, 80, random.integers(30, 90)))
    return start, start + random.integers(0, 30, len(start)) * random.integers(0, 2, len(start))


class Purged(unittest.TestCase):
    def assert_apart(self, start, end, train, test, embargo=0):
        """Pair by pair: no spans meet, none begins within the embargo after its block, and no time is on both sides."""
        self.assertEqual(len(np.intersect1d(train, test)), 0)
        blocks = np.split(test, np.flatnonzero(np.diff(test) > 1) + 1)
        for row in train:
            self.assertFalse(np.any((start[row] <= end[test]) & (start[test] <= end[row])))
            for block in blocks:
                since = start[row] - end[block].max()
                self.assertFalse(start[row] > start[block[0]] and since <= embargo, (row, block, since))
        self.assertEqual(len(np.intersect1d(start[train], start[test])), 0)

    def test_a_small_case_by_hand(self):
        start, end = spans(12, 1)
        found = [(list(train), list(test)) for train, test in splits.purged_k_fold(start, end, folds=3, embargo_ms=BAR)]
        # Labels of the first block are known at bar 4, which purges row 4, and the embargo takes row 5.
        self.assertEqual(
            found,
            [
                ([6, 7, 8, 9, 10, 11], [0, 1, 2, 3]),
                ([0, 1, 2, 10, 11], [4, 5, 6, 7]),
                ([0, 1, 2, 3, 4, 5, 6], [8, 9, 10, 11]),
            ],
        )

    def test_a_label_known_at_the_bar_itself_purges_nothing(self):
        start, end = spans(4, 0)
        train, _ = next(iter(splits.purged_k_fold(start, end, folds=2)))
        self.assertEqual(list(train), [2, 3])

    def test_one_long_label_purges_what_it_covers(self):
        start, end = spans(10, 0)
        end[1] = start[7]
        (first, _), (second, _) = splits.purged_k_fold(start, end, folds=2)
        self.assertEqual(list(first), [8, 9])
        self.assertEqual(list(second), [0, 2, 3, 4])

    def test_any_spans_are_kept_apart_and_no_row_is_lost_for_nothing(self):
        random = np.random.default_rng(7)
        seen = 0
        for _ in range(60):
            start, end = random_spans(random)
            embargo = int(random.integers(0, 6))
            try:
                found = list(splits.combinatorial_purged(start, end, folds=5, test_folds=2, embargo_ms=embargo))
            except splits.TooFewRowsError:
                continue
            seen += 1
            for train, test in found:
                self.assert_apart(start, end, train, test, embargo)
                blocks = np.split(test, np.flatnonzero(np.diff(test) > 1) + 1)
                for row in np.setdiff1d(np.arange(len(start)), np.append(train, test)):
                    meets = np.any((start[row] <= end[test]) & (start[test] <= end[row]))
                    after = any(0 <= start[row] - start[b[-1]] and start[row] - end[b].max() <= embargo for b in blocks)
                    # The embargo follows each of two blocks side by side, also the one whose labels are known first.
                    self.assertTrue(meets or after)
            tested = np.sort(np.concatenate([test for _, test in splits.purged_k_fold(start, start, folds=5)]))
            self.assertEqual(list(tested), list(range(len(start))))
        self.assertGreater(seen, 20)

    def test_rows_of_one_time_stay_together(self):
        start = np.repeat(np.arange(7), 3) * BAR
        for _, test in splits.purged_k_fold(start, start, folds=3):
            self.assertEqual(len(test) % 3, 0)
        sizes = [len(test) for _, test in splits.purged_k_fold(start, start, folds=3)]
        self.assertEqual(sizes, [9, 6, 6])
        train, test = next(iter(splits.walk_forward(start, start, train_size=2, test_size=1)))
        self.assertEqual((list(train), list(test)), (list(range(6)), [6, 7, 8]))


class Paths(unittest.TestCase):
    def test_there_are_as_many_splits_and_paths_as_the_formulas_say(self):
        for folds, tested in ((4, 2), (6, 2), (6, 3), (5, 4)):
            start, end = spans(60, 0)
            found = list(splits.combinatorial_purged(start, end, folds=folds, test_folds=tested))
            self.assertEqual(len(found), math.comb(folds, tested))
            paths = splits.backtest_paths(folds, tested)
            self.assertEqual(paths.shape, (math.comb(folds, tested) * tested // folds, folds))
            pairs = [(int(split), fold) for path in paths for fold, split in enumerate(path)]
            self.assertEqual(len(set(pairs)), math.comb(folds, tested) * tested)
            chosen = list(itertools.combinations(range(folds), tested))
            self.assertTrue(all(fold in chosen[split] for split, fold in pairs))

    def test_each_path_predicts_every_row_once_from_the_splits_that_it_names(self):
        start, end = spans(13, 1)
        found = list(splits.combinatorial_purged(start, end, folds=4, test_folds=2))
        predictions = [100 * split + test for split, (_, test) in enumerate(found)]
        paths = splits.recombine(start, predictions, folds=4, test_folds=2)
        self.assertEqual(paths.shape, (3, 13))
        np.testing.assert_array_equal(paths % 100, np.tile(np.arange(13), (3, 1)))
        np.testing.assert_array_equal(paths[:, 0] // 100, [0, 1, 2])
        np.testing.assert_array_equal(paths[:, 12] // 100, [2, 4, 5])


class WalkedForward(unittest.TestCase):
    def walk(self, count, bars, **options):
        start, end = spans(count, bars)
        return [(list(train), list(test)) for train, test in splits.walk_forward(start, end, **options)]

    def test_rolling_and_anchored_by_hand(self):
        self.assertEqual(self.walk(10, 1, train_size=4, test_size=3), [([0, 1, 2], [4, 5, 6]), ([3, 4, 5], [7, 8, 9])])
        self.assertEqual(
            self.walk(10, 1, train_size=4, test_size=3, anchored=True),
            [([0, 1, 2], [4, 5, 6]), ([0, 1, 2, 3, 4, 5], [7, 8, 9])],
        )

    def test_steps_partial_blocks_and_embargo(self):
        self.assertEqual(
            [test for _, test in self.walk(7, 0, train_size=3, test_size=2, step=1)], [[3, 4], [4, 5], [5, 6]]
        )
        self.assertEqual([test for _, test in self.walk(6, 0, train_size=3, test_size=2)], [[3, 4]])
        self.assertEqual(
            [test for _, test in self.walk(6, 0, train_size=3, test_size=2, keep_partial=True)], [[3, 4], [5]]
        )
        self.assertEqual(self.walk(5, 0, train_size=4, test_size=1, embargo_ms=2 * BAR), [([0, 1], [4])])

    def test_what_is_trained_on_was_known_before(self):
        random = np.random.default_rng(11)
        for _ in range(40):
            start, end = random_spans(random)
            try:
                found = list(splits.walk_forward(start, end, train_size=12, test_size=4, anchored=True, embargo_ms=2))
            except splits.TooFewRowsError:
                continue
            for train, test in found:
                self.assertLess(end[train].max() + 2, start[test].min())


class AgainstSkfolio(unittest.TestCase):
    """Where both mean one thing: a row a bar, every label as long, rows that divide into the folds, and a label that is
    known h bars later for `purged_size` h. Theirs counts bars; ours reads the spans, so that it also holds for labels
    of differing length and for several symbols."""

    def test_combinatorial_splits_and_paths(self):
        for folds, tested, bars, embargo in ((6, 2, 0, 0), (6, 2, 3, 0), (6, 3, 3, 2), (10, 8, 2, 1), (5, 2, 0, 4)):
            start, end = spans(40 * folds, bars)
            theirs = CombinatorialPurgedCV(n_folds=folds, n_test_folds=tested, purged_size=bars, embargo_size=embargo)
            ours = splits.combinatorial_purged(start, end, folds=folds, test_folds=tested, embargo_ms=embargo * BAR)
            count = 0
            for (train, test), (their_train, their_tests) in zip(ours, theirs.split(start[:, None]), strict=True):
                np.testing.assert_array_equal(train, their_train)
                np.testing.assert_array_equal(test, np.sort(np.concatenate(their_tests)))
                count += 1
            self.assertEqual(count, theirs.n_splits)
            np.testing.assert_array_equal(splits.backtest_paths(folds, tested), theirs.recombined_paths.T)

    def test_purged_k_fold_is_made_of_their_purging(self):
        """Theirs wants two test folds at least: that of two neighbours is a block of ours, from folds of half the
        size."""
        start, end = spans(240, 5)
        theirs = CombinatorialPurgedCV(n_folds=8, n_test_folds=2, purged_size=5, embargo_size=3)
        by_folds = dict(zip(itertools.combinations(range(8), 2), theirs.split(start[:, None]), strict=True))
        for fold, (train, test) in enumerate(splits.purged_k_fold(start, end, folds=4, embargo_ms=3 * BAR)):
            their_train, their_tests = by_folds[(2 * fold, 2 * fold + 1)]
            np.testing.assert_array_equal(train, their_train)
            np.testing.assert_array_equal(test, np.concatenate(their_tests))

    def test_rows_that_do_not_divide_are_told_to_other_folds(self):
        """Theirs gives all that is left to the last fold, ours one each to the first."""
        start, end = spans(43, 0)
        theirs = [
            np.concatenate(tests).size
            for _, tests in CombinatorialPurgedCV(n_folds=4, n_test_folds=3).split(start[:, None])
        ]
        ours = [test.size for _, test in splits.combinatorial_purged(start, end, folds=4, test_folds=3)]
        self.assertEqual((theirs, ours), ([30, 33, 33, 33], [33, 32, 32, 32]))

    def test_walk_forward(self):
        """Their training size is counted after purging, ours before it: h more."""
        for bars, anchored, partial in itertools.product((0, 3), (False, True), (False, True)):
            start, end = spans(100, bars)
            theirs = WalkForward(
                train_size=30 - bars, test_size=12, purged_size=bars, expand_train=anchored, reduce_test=partial
            )
            ours = splits.walk_forward(start, end, train_size=30, test_size=12, anchored=anchored, keep_partial=partial)
            for (train, test), (their_train, their_test) in zip(ours, theirs.split(start[:, None]), strict=True):
                np.testing.assert_array_equal(train, their_train)
                np.testing.assert_array_equal(test, their_test)


class Refused(unittest.TestCase):
    def test_bad_spans(self):
        k_fold = lambda start, end: splits.purged_k_fold(start, end, folds=2)  # noqa: E731
        for start, end, what in (
            ([2, 1], [3, 3], "sort the rows"),
            ([1, 2], [3, 1], "ends before it starts"),
            ([1, 2], [3], "2 starts and 1 ends"),
            ([1, float("nan")], [3, 3], "whole milliseconds"),
            ([1, 2], [3, float("inf")], "whole milliseconds"),
            ([1, 1.5], [3, 3], "whole milliseconds"),
            (["a", "b"], [1, 2], "as numbers"),
            ([[1, 2]], [[1, 2]], "dimensions"),
        ):
            with self.subTest(what=what), self.assertRaisesRegex(splits.SpanError, what):
                k_fold(start, end)

    def test_too_few_rows(self):
        start, end = spans(4, 0)
        for make in (
            lambda: splits.purged_k_fold([], [], folds=2),
            lambda: splits.purged_k_fold(start, end, folds=5),
            lambda: splits.purged_k_fold(start, end + 10 * BAR, folds=2),
            lambda: splits.purged_k_fold(start, end, folds=4, embargo_ms=99 * BAR),
            lambda: splits.walk_forward(start, end, train_size=4, test_size=1),
            lambda: splits.walk_forward(start, end + 10 * BAR, train_size=2, test_size=1),
        ):
            with self.assertRaises(splits.TooFewRowsError):
                make()

    def test_bad_parameters(self):
        start, end = spans(40, 0)
        for make in (
            lambda: splits.purged_k_fold(start, end, folds=1),
            lambda: splits.purged_k_fold(start, end, folds=True),
            lambda: splits.purged_k_fold(start, end, folds=2.0),
            lambda: splits.purged_k_fold(start, end, folds=2, embargo_ms=-1),
            lambda: splits.combinatorial_purged(start, end, folds=4, test_folds=0),
            lambda: splits.combinatorial_purged(start, end, folds=4, test_folds=4),
            lambda: splits.combinatorial_purged(start, end, folds=30, test_folds=15),
            lambda: splits.backtest_paths(3, 3),
            lambda: splits.recombine(start, [], folds=4, test_folds=2),
            lambda: splits.recombine(start, [[1.0]] * 6, folds=4, test_folds=2),
            lambda: splits.walk_forward(start, end, train_size=0, test_size=1),
            lambda: splits.walk_forward(start, end, train_size=1, test_size=0),
            lambda: splits.walk_forward(start, end, train_size=1, test_size=1, step=0),
        ):
            with self.assertRaises(splits.SplitParameterError):
                make()
            self.assertTrue(issubclass(splits.SplitParameterError, ValueError))


if __name__ == "__main__":
    unittest.main()
