"""What can be a member of an ensemble, how it is served, and what can be set of it."""

from __future__ import annotations

import json
import unittest
import warnings

import numpy as np

from plimsoll_models.export.library_file import library_file, open_library_file
from plimsoll_models.export.member_files import member_files
from plimsoll_models.export.trees import NotExportable
from plimsoll_models.job import JobError
from plimsoll_models.members import KINDS, cheapest
from plimsoll_models.serve.versions import _in_blocks
from plimsoll_models.settings import as_json, settings_of
from plimsoll_models.train import DESK, Parameters, _desk
from support import FEATURES, table

TABLE = table(600)
EVERYTHING = np.arange(600)
warnings.simplefilter("ignore")


class WaysTest(unittest.TestCase):
    def test_the_cheapest_that_serves_all_is_taken(self) -> None:
        for members, served in (
            (DESK, "native"),
            (("gaussian-bayes", "random-forest"), "onnx"),
            (("gaussian-bayes", "lightgbm"), "endpoint"),
            (("lightgbm", "calibrated-boosting"), "endpoint"),
        ):
            self.assertEqual(cheapest([KINDS[name] for name in members]), served)
            self.assertEqual(_desk(Parameters(members=tuple(members))).served, served)

    def test_it_can_be_chosen(self) -> None:
        self.assertEqual(_desk(Parameters(served="endpoint")).served, "endpoint")

    def test_bad_input_is_refused(self) -> None:
        bad = [
            (Parameters(members=("gaussian-bayes",), served="native"), "MEMBER_NOT_SERVED", "gaussian-bayes cannot be served as native"),
            (Parameters(members=("lightgbm",), served="onnx"), "MEMBER_NOT_SERVED", "lightgbm cannot be served as onnx"),
            (Parameters(members=("lightgmb",)), "MEMBER_UNKNOWN", "there is no member 'lightgmb'"),
            (Parameters(members=("ridge",)), "MEMBER_UNKNOWN", "there is no member 'ridge'"),
            (Parameters(members=()), "MEMBER_UNKNOWN", "one at least"),
            (Parameters(members=("lightgbm", "lightgbm")), "MEMBER_UNKNOWN", "once each"),
        ]
        for parameters, code, words in bad:
            with self.subTest(words), self.assertRaises(JobError) as caught:
                _desk(parameters)
            self.assertEqual((caught.exception.code, caught.exception.exit_code), (code, 2))
            self.assertIn(words, caught.exception.message)
            if "lightgmb" in words:
                self.assertIn("lightgbm", caught.exception.remedy)

    def test_every_kind_comes_out_the_same_and_is_the_same_when_it_is_opened(self) -> None:
        for name, kind in KINDS.items():
            with self.subTest(name):
                fitted = kind.fit(TABLE, EVERYTHING, 5, {})
                content = library_file(fitted.library())
                self.assertEqual(library_file(kind.fit(TABLE, EVERYTHING, 5, {}).library()), content)
                of = open_library_file(content)
                np.testing.assert_array_equal(of.up(TABLE.rows), fitted.library().up(TABLE.rows))
                np.testing.assert_allclose(fitted.probabilities(TABLE.rows)[:, 1], of.up(TABLE.rows), rtol=0, atol=1e-15)
                together = _in_blocks(of, TABLE.rows[:100])
                np.testing.assert_array_equal(_in_blocks(of, TABLE.rows[70:71])[0], together[70])
                np.testing.assert_array_equal(_in_blocks(of, TABLE.rows[3:60]), together[3:60])

    def test_the_same_onnx_file_is_written_whatever_was_exported_before(self) -> None:
        long = table(1_100)
        fitted = KINDS["nearest-neighbours-classifier"].fit(long, np.arange(1_100), 0, {})
        once, again = (member_files(fitted, "onnx", FEATURES, long.rows).files for _ in range(2))
        self.assertEqual(once, again)
        self.assertEqual(list(once), [".onnx", ".signature.json"])

    def test_what_cannot_be_exported_says_so(self) -> None:
        calibrated = KINDS["calibrated-boosting"].fit(TABLE, EVERYTHING, 0, {})
        vectors = KINDS["nu-support-vectors-classifier"].fit(TABLE, EVERYTHING, 0, {})
        for fitted, served, words in (
            (calibrated, "native", "needs its library"),
            (vectors, "native", "neither a weighted sum"),
            (vectors, "onnx", "its sigmoid stands in no ONNX file"),
            (KINDS["gaussian-bayes"].fit(TABLE, EVERYTHING, 0, {}), "onnx", "600 rows were compared"),
        ):
            with self.subTest(words), self.assertRaisesRegex(NotExportable, words):
                member_files(fitted, served, FEATURES, TABLE.rows)


class SettingsTest(unittest.TestCase):
    def test_they_reach_the_estimator(self) -> None:
        given = '{"lightgbm": {"num_leaves": 5, "reg_lambda": 2}, "perceptron": {"hidden_layer_sizes": [7, 3]}, "ridge-classifier": {"alpha": 3}}'
        settings = settings_of(given, ("lightgbm", "perceptron", "ridge-classifier"))
        self.assertEqual(as_json(settings), json.loads(given))
        leaves = KINDS["lightgbm"].fit(TABLE, EVERYTHING, 0, settings["lightgbm"]).library().model.get_params()
        self.assertEqual((leaves["num_leaves"], leaves["reg_lambda"], leaves["learning_rate"]), (5, 2, 0.03))
        perceptron = KINDS["perceptron"].fit(TABLE, EVERYTHING, 0, settings["perceptron"]).library().model[-1]
        self.assertEqual([len(bias) for bias in perceptron.intercepts_], [7, 3, 1])
        self.assertEqual(KINDS["ridge-classifier"].fit(TABLE, EVERYTHING, 0, settings["ridge-classifier"]).library().model[-1].alpha, 3)

    def test_none_are_none(self) -> None:
        self.assertEqual(settings_of(" ", DESK), {})

    def test_bad_input_is_named(self) -> None:
        members = ("lightgbm", "perceptron", "nearest-neighbours-classifier", "logistic-regression")
        bad = [
            ("{", "they are no JSON", "write them as"),
            ("[]", "they are no JSON object", "write them as"),
            ("[" * 10_000, "they are no JSON", "write them as"),
            ('{"lightgbm": {"num_leaves": NaN}}', "NaN is no number", "write them as"),
            ('{"lightgbn": {}}', "'lightgbn' is no member of this ensemble", "use lightgbm"),
            ('{"xgboost": {}}', "'xgboost' is no member of this ensemble", "lightgbm"),
            ('{"lightgbm": 3}', "those of lightgbm are no JSON object", "write them as"),
            ('{"lightgbm": {"num_leafs": 3}}', "lightgbm.num_leafs is not known", "use num_leaves"),
            ('{"lightgbm": {"num_leaves": 3}}', "lightgbm.num_leaves is 3, not a whole number from 4 to 64", ""),
            ('{"lightgbm": {"num_leaves": 8.5}}', "lightgbm.num_leaves is 8.5, not a whole number from 4 to 64", ""),
            ('{"lightgbm": {"num_leaves": true}}', "lightgbm.num_leaves is true, not a whole number", ""),
            ('{"lightgbm": {"learning_rate": "fast"}}', 'lightgbm.learning_rate is "fast", not a number from 0.01 to 0.3', ""),
            ('{"lightgbm": {"reg_lambda": 1e7}}', "lightgbm.reg_lambda is 10000000.0, not a number up to 1000000", ""),
            ('{"lightgbm": {"reg_lambda": {"a": 1}}}', "lightgbm.reg_lambda is", ""),
            ('{"lightgbm": {"random_state": 4}}', "lightgbm.random_state is the job's own to set", "use seed"),
            ('{"lightgbm": {"n_jobs": 4}}', "lightgbm.n_jobs is the job's own to set", "use seed"),
            ('{"perceptron": {"hidden_layer_sizes": []}}', "perceptron.hidden_layer_sizes is []", ""),
            ('{"nearest-neighbours-classifier": {"weights": "none"}}', 'weights is "none", not one of "uniform", "distance"', ""),
            ('{"logistic-regression": {"penalty": "' + "x" * 61 + '"}}', "logistic-regression.penalty is", ""),
        ]
        for text, words, way_out in bad:
            with self.subTest(words), self.assertRaises(JobError) as caught:
                settings_of(text, members)
            self.assertEqual((caught.exception.code, caught.exception.exit_code), ("MEMBER_SETTINGS", 2))
            self.assertIn(words, caught.exception.message)
            self.assertIn(way_out, caught.exception.remedy)

    def test_what_the_library_refuses_is_told_with_the_member(self) -> None:
        desk = _desk(Parameters(members=("perceptron",), hyperparameters='{"perceptron": {"solver": "magic"}}'))
        with self.assertRaises(JobError) as caught:
            desk.fit("perceptron", TABLE, EVERYTHING, 0)
        self.assertEqual(caught.exception.code, "MEMBER_FAILED")
        self.assertIn("perceptron cannot be fitted: InvalidParameterError", caught.exception.message)


if __name__ == "__main__":
    unittest.main()
