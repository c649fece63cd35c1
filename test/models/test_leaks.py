"""Leaks planted in recorded bars are found, and nothing in the honest table is."""

import os
import unittest

import numpy as np
import pandas as pd
from gold import HORIZON, HOUR_MS, RECORDED, features_of, recorded, shifted, table_of
from plimsoll_models import leaks, splits
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, QuantileTransformer, StandardScaler

HONEST_WHEN_A_BAR_LATER = {"return_lag_1", "return_lag_2", "return_lag_3"}
KNOWN_AHEAD = {"hour", "hour_sine", "is_ninth"}


def kinds(found: list[leaks.Leak]) -> set[tuple[str, str]]:
    return {(leak.kind, leak.where) for leak in found}


@unittest.skipUnless(RECORDED in os.environ, "there are no recorded bars")
class RecordedGold(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bars = recorded()
        cls.table, cls.features = table_of(cls.bars)
        cls.raw = {name: column for name, column in cls.table.items() if name not in cls.features}

    def with_feature(self, column: np.ndarray) -> list[leaks.Leak]:
        return leaks.find_leaks(self.raw | {"planted": column}, features=["planted"], labels=["label"])

    def test_the_honest_table_its_splits_and_its_pipelines_pass(self):
        spans = self.table["start"], self.table["end"]
        made = [
            *splits.purged_k_fold(*spans, folds=5, embargo_ms=24 * HOUR_MS),
            *splits.combinatorial_purged(*spans, folds=5, test_folds=2, embargo_ms=24 * HOUR_MS),
            *splits.walk_forward(*spans, train_size=4_000, test_size=2_000),
        ]
        matrix = np.column_stack([self.table[name] for name in self.features])
        target = self.table["label"]
        fitted = []
        for train, _ in made[:2]:
            pipeline = Pipeline(
                [
                    ("fill", SimpleImputer()),
                    ("scale", StandardScaler()),
                    ("model", LogisticRegression(C=0.01, max_iter=1_000)),
                ]
            )
            fitted.append(leaks.Fitted(pipeline.fit(matrix[train], target[train]), train, target))
        found = leaks.find_leaks(
            self.table,
            features=self.features,
            labels=["label"],
            splits=made,
            embargo_ms=24 * HOUR_MS,
            fitted=fitted,
        )
        self.assertEqual(found, [])
        leaks.refuse_leaks(self.table, features=self.features, splits=made[:1])

    def test_every_feature_that_comes_a_bar_early_is_found(self):
        for name in self.features:
            early = shifted(self.table[name], 1)
            with self.subTest(feature=name):
                found = self.with_feature(early)
                if name in HONEST_WHEN_A_BAR_LATER or name in KNOWN_AHEAD:
                    self.assertEqual(found, [])
                else:
                    self.assertGreater(len(found), 0)
                    self.assertTrue(all(leak.where == "planted" and leak.kind.startswith("future-") for leak in found))

    def test_features_that_come_three_bars_early_or_look_both_ways_are_found(self):
        close = self.table["close"]
        centred = np.convolve(close, np.ones(5) / 5, mode="same")
        for name, column in {
            "momentum": shifted(self.table["momentum_20"], 3),
            "centred": centred / close - 1,
            "next return with noise": shifted(self.table["momentum_1"], 1)
            + np.random.default_rng(3).normal(0, 3, len(close)) * np.nanstd(self.table["momentum_1"]),
        }.items():
            with self.subTest(feature=name):
                self.assertIn(("future-return", "planted"), kinds(self.with_feature(column)))

    def test_a_copy_of_what_a_column_is_later_and_of_the_label_are_found(self):
        found = self.with_feature(shifted(self.table["volume"], 2))
        self.assertIn(("future-copy", "planted"), kinds(found))
        self.assertIn("volume is 2 bar(s) later", " ".join(leak.message for leak in found))
        self.assertIn(("label-copy", "planted"), kinds(self.with_feature(self.table["label"])))

    def test_a_table_with_leaks_is_refused_by_name(self):
        table = self.table | {"rsi_14": shifted(self.table["rsi_14"], 1)}
        with self.assertRaises(leaks.LeaksFound) as caught:
            leaks.refuse_leaks(table, features=self.features)
        self.assertEqual({leak.where for leak in caught.exception.leaks}, {"rsi_14"})
        self.assertIn("rsi_14 has a rank correlation of", str(caught.exception))

    def test_several_symbols_are_told_apart(self):
        """Two halves as if they were two instruments at the same times; one column leaks in both."""
        half = len(self.bars["close"]) // 2
        tables = []
        for number, part in enumerate((slice(0, half), slice(half, 2 * half))):
            bars = {name: column[part] for name, column in self.bars.items()} | {
                "timestamp": self.bars["timestamp"][:half]
            }
            tables.append(pd.DataFrame(table_of(bars)[0] | {"symbol": f"S{number}"}))
        table = pd.concat(tables).sort_values(["start", "symbol"], ignore_index=True)
        features = [name for name in self.features if name not in KNOWN_AHEAD]
        options = {"symbol": "symbol", "labels": ["label"]}
        self.assertEqual(leaks.find_leaks(table, features=features, **options), [])
        table["momentum_5"] = table.groupby("symbol")["momentum_5"].shift(-1)
        self.assertEqual(
            kinds(leaks.find_leaks(table, features=features, **options)), {("future-return", "momentum_5")}
        )

    def test_steps_that_saw_other_rows_are_found_each_by_name(self):
        names = [name for name in self.features if name not in KNOWN_AHEAD]
        matrix = pd.DataFrame({name: self.table[name] for name in names}).fillna(0)
        target = (self.table["label"] > 0).astype(int)
        train, _ = next(iter(splits.purged_k_fold(self.table["start"], self.table["end"], folds=5)))
        given, wanted = matrix.iloc[train], target[train]
        whole = matrix, target

        def pipeline(**late) -> Pipeline:
            """Fitted on the training rows, but for the steps in `late`, which saw the whole table."""
            steps = {
                "scale": StandardScaler(),
                "both": FeatureUnion([("components", PCA(5)), ("best", SelectKBest(k=5))]),
                "model": LogisticRegression(C=0.01, max_iter=1_000),
            }
            x, all_x = given, whole[0]
            for name, step in steps.items():
                step.fit(*((all_x, whole[1]) if name in late else (x, wanted)))
                if name != "model":
                    x, all_x = step.transform(x), step.transform(all_x)
            return Pipeline(list(steps.items()))

        def found(one) -> set[tuple[str, str]]:
            return kinds(leaks.find_fitted_leaks(one, matrix, train, target=target))

        self.assertEqual(found(pipeline()), set())
        for late in ("scale", "both", "model"):
            self.assertEqual(found(pipeline(**{late: True})), {("fitted-outside", f"pipeline.{late}")})

    def test_steps_of_other_kinds(self):
        matrix = np.column_stack([self.table["momentum_20"], self.table["volume"], self.table["range"]])
        rows = np.arange(3_000, 6_000)
        target = (self.table["label"] > 0).astype(int)
        for one in (
            SimpleImputer(),
            MinMaxScaler(),
            QuantileTransformer(n_quantiles=100, random_state=1),
            ColumnTransformer([("scale", StandardScaler(), [0, 1])], remainder="passthrough"),
            RandomForestClassifier(5, max_depth=3, random_state=1),
        ):
            with self.subTest(step=type(one).__name__):
                x = matrix if isinstance(one, SimpleImputer) else np.nan_to_num(matrix)
                honest = one.fit(x[rows], target[rows])
                self.assertEqual(leaks.find_fitted_leaks(honest, x, rows, target=target), [])
                late = one.fit(x, target)
                self.assertEqual(len(leaks.find_fitted_leaks(late, x, rows, target=target)), 1)
                # One bar more is enough.
                late = one.fit(x[2_999:6_000], target[2_999:6_000])
                if not isinstance(one, (MinMaxScaler, RandomForestClassifier)):
                    self.assertEqual(len(leaks.find_fitted_leaks(late, x, rows, target=target)), 1)

    def test_a_step_that_is_random_is_not_held_against(self):
        matrix, rows = (
            np.nan_to_num(np.column_stack([self.table["momentum_20"], self.table["range"]])),
            np.arange(500, 2_000),
        )
        target = (self.table["label"] > 0).astype(int)
        forest = RandomForestClassifier(3, max_depth=2).fit(matrix[rows], target[rows])
        self.assertEqual(leaks.find_fitted_leaks(forest, matrix, rows, target=target), [])
        plain = FunctionTransformer(np.tanh).fit(matrix)
        self.assertEqual(leaks.find_fitted_leaks(plain, matrix, rows), [])

    def test_spans_that_meet_or_begin_in_the_embargo_are_found(self):
        start, end = self.table["start"], self.table["end"]
        rows = np.arange(len(start))
        test = rows[4_000:5_000]

        def found(train, embargo_ms=0):
            return leaks.find_span_leaks(start, end, [(train, test)], embargo_ms=embargo_ms)

        before, after = rows[: 4_000 - HORIZON - 1], rows[5_000 + HORIZON :]
        self.assertEqual(found(np.append(before, after)), [])
        (plain,) = found(np.append(rows[:4_000], rows[5_000:]))
        self.assertEqual((plain.kind, plain.where, plain.rows[0]), ("span-overlap", "split 0", 4_000 - HORIZON))
        self.assertIn(f"{2 * HORIZON} training rows", plain.message)
        (one,) = found(rows[: 4_000 - HORIZON + 1])
        self.assertEqual((one.kind, one.figure, one.rows), ("span-overlap", 1, (4_000 - HORIZON,)))
        (tested,) = found(test[:1])
        self.assertEqual(tested.kind, "span-overlap")
        (soon,) = found(after, embargo_ms=24 * HOUR_MS)
        self.assertEqual((soon.kind, soon.rows[0]), ("span-embargo", after[0]))
        self.assertEqual(soon.figure, 24 * HOUR_MS - (start[after[0]] - end[test[-1]]))


class Anywhere(unittest.TestCase):
    def test_noise_is_not_flagged(self):
        random = np.random.default_rng(5)
        for count in (150, 1_000, 10_000):
            close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, count)))
            noise = {f"noise_{k}": random.normal(size=count) for k in range(40)}
            table = {"start": np.arange(count) * HOUR_MS, "close": close, "level": close, **noise}
            self.assertEqual(leaks.find_future_features(table, features=["level", *noise]), [])

    def test_bars_that_bounce_are_not_flagged(self):
        """Between bid and ask: the last return foretells the next, at a rank correlation near a half."""
        random = np.random.default_rng(6)
        mid = 100 * np.exp(np.cumsum(random.normal(0, 0.0001, 20_000)))
        close = mid * (1 + 0.0002 * random.choice([-1, 1], 20_000))
        bars = {"timestamp": np.arange(20_000.0) * HOUR_MS, "open": close, "high": close, "low": close, "close": close}
        features = features_of(bars | {"volume": random.integers(1, 99, 20_000).astype(float)})
        known = {
            name: features[name]
            for name in ("momentum_1", "momentum_2", "momentum_5", "z_20", "rsi_14", "return_lag_1")
        }
        table = {"start": bars["timestamp"], "close": close, **known}
        self.assertEqual(leaks.find_future_features(table, features=list(known)), [])

    def test_a_return_that_comes_again_is_foretold_honestly(self):
        """An echo four bars later: the feature agrees with a bar ahead at 0.4, and with the one it is made of at 1."""
        random = np.random.default_rng(9)
        returns = random.normal(0, 0.001, 20_000)
        for bar in range(4, len(returns)):
            returns[bar] += 0.4 * returns[bar - 4]
        table = {
            "start": np.arange(20_000) * HOUR_MS,
            "close": 100 * np.exp(np.cumsum(returns)),
            "echo": shifted(returns, -3),
        }
        self.assertEqual(leaks.find_future_features(table, features=["echo"]), [])
        early = table | {"echo": shifted(returns, 1)}
        self.assertEqual(kinds(leaks.find_future_features(early, features=["echo"])), {("future-return", "echo")})

    def test_spans_of_any_length_are_judged_as_pair_by_pair(self):
        random = np.random.default_rng(10)
        for _ in range(200):
            start = random.integers(0, 40, 12)
            end = start + random.integers(0, 15, 12)
            train, test = np.split(random.permutation(12), 2)
            embargo = int(random.integers(0, 5))
            meet = {int(i) for i in train if np.any((start[i] <= end[test]) & (start[test] <= end[i]))}
            soon = {int(i) for i in train if np.any((end[test] < start[i]) & (start[i] <= end[test] + embargo))} - meet
            found = {leak.kind: leak for leak in leaks.find_span_leaks(start, end, [(train, test)], embargo_ms=embargo)}
            self.assertEqual("span-overlap" in found, len(meet) > 0)
            self.assertEqual("span-embargo" in found, len(soon) > 0)
            if meet:
                self.assertEqual(found["span-overlap"].figure, len(meet))
                self.assertLessEqual(set(found["span-overlap"].rows), meet)
            if soon:
                self.assertLessEqual(set(found["span-embargo"].rows), soon)

    def test_columns_that_are_known_ahead_are_left_alone(self):
        count = 5_000
        close = 100 + np.cumsum(np.random.default_rng(8).normal(size=count))
        table = {"start": np.arange(count) * HOUR_MS, "close": close, "plan": shifted(np.append(0, np.diff(close)), 1)}
        self.assertEqual(len(leaks.find_future_features(table, features=["plan"])), 1)
        self.assertEqual(leaks.find_future_features(table, features=["plan"], calendar=["plan"]), [])

    def test_what_cannot_be_looked_at_is_refused(self):
        table = {
            "start": np.arange(200) * HOUR_MS,
            "close": np.ones(200),
            "a": np.ones(200),
            "text": np.array(["x"] * 200),
        }
        rows = np.arange(200)
        for make in (
            lambda: leaks.find_leaks(table, features=[]),
            lambda: leaks.find_leaks(table, features=["b"]),
            lambda: leaks.find_leaks(table, features=["text"]),
            lambda: leaks.find_leaks(table, features=["a"], suspicion=0),
            lambda: leaks.find_leaks(table | {"start": rows[::-1]}, features=["a"]),
            lambda: leaks.find_leaks(table | {"a": np.ones(199)}, features=["a"]),
            lambda: leaks.find_span_leaks([1, 2], [0, 3], [([0], [1])]),
            lambda: leaks.find_span_leaks([1, 2], [2, 3], [([0], [2])]),
            lambda: leaks.find_span_leaks([1, 2], [2, 3], [([], [1])]),
            lambda: leaks.find_span_leaks([1, 2], [2, 3], [([0], [1])], embargo_ms=-1),
            lambda: leaks.find_fitted_leaks(StandardScaler(), np.ones((5, 1)), [5]),
            lambda: leaks.find_fitted_leaks(StandardScaler(), np.ones((5, 1)), []),
        ):
            with self.assertRaises(leaks.LeakInputError):
                make()
        self.assertEqual(leaks.find_leaks(table, features=["a"]), [])


if __name__ == "__main__":
    unittest.main()
