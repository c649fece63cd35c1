"""Strings as typed fields, and each bad one named."""

from __future__ import annotations

import unittest
from dataclasses import dataclass
from typing import Annotated, Literal

from plimsoll_models.job.errors import JobError
from plimsoll_models.job.hyperparameters import Between, Common, parse


@dataclass(frozen=True)
class Parameters:
    horizon: int
    depth: Annotated[int, Between(1, 12)] = 6
    rate: Annotated[float, Between(0, 1)] = 0.1
    kind: Literal["tree", "line"] = "tree"
    shuffles: bool = False
    name: str = ""
    cut: Annotated[float | None, Between(0, 1)] = None
    spans: tuple[int, ...] = (5, 20)


class HyperparametersTest(unittest.TestCase):
    def test_strings_become_what_the_fields_say(self) -> None:
        given = {"horizon": " 12 ", "depth": "3", "rate": "1e-2", "kind": "line", "shuffles": "True", "name": "a b"}
        common, own = parse(Parameters, {**given, "cut": "0.5", "spans": "1, 2,3", "seed": "7", "usd_per_hour": "0.23"})
        self.assertEqual(own, Parameters(12, 3, 0.01, "line", True, "a b", 0.5, (1, 2, 3)))
        self.assertEqual(common, Common(seed=7, threads=1, usd_per_hour=0.23))

    def test_what_is_not_given_has_its_default(self) -> None:
        self.assertEqual(parse(Parameters, {"horizon": "1"}), (Common(), Parameters(1)))

    def test_values_of_the_sdk_and_of_the_toolkit_are_read_alike(self) -> None:
        sdk = {"horizon": "12", "kind": '"line"', "spans": "[1, 2]", "cut": "null", "shuffles": "false"}
        toolkit = {"horizon": 12, "kind": "line", "spans": [1, 2], "cut": None, "shuffles": False}
        self.assertEqual(parse(Parameters, sdk), parse(Parameters, toolkit))

    def test_what_sagemaker_adds_for_itself_is_left_alone(self) -> None:
        parse(Parameters, {"horizon": "1", "sagemaker_program": '"train.py"', "_tuning_objective_metric": "loss"})

    def test_each_bad_one_is_named(self) -> None:
        bad = {
            "depth": ["3.0", "1_0", "0x3", "", "13", "0", "1e3", "９", "9" * 40],
            "rate": ["nan", "inf", "1,5", "1_0", "-0.1", "1e999", "half"],
            "kind": ["Tree", "", "tree,line"],
            "shuffles": ["yes", "2", ""],
            "cut": ["2", "some"],
            "spans": ["1;2", "a", "1.5"],
            "seed": ["-1", "4294967296", "x"],
            "threads": ["0"],
            "usd_per_hour": ["-1", "free"],
            "name": ["x" * 20_000],
        }
        for name, values in bad.items():
            for value in values:
                with self.subTest(name=name, value=value[:20]):
                    with self.assertRaises(JobError) as caught:
                        parse(Parameters, {"horizon": "1", name: value})
                    self.assertEqual(caught.exception.code, "JOB_HYPERPARAMETERS")
                    self.assertIn(f"{name} is ", caught.exception.message)
                    self.assertLess(len(caught.exception.message), 200)

    def test_all_problems_are_told_at_once_with_what_was_meant(self) -> None:
        with self.assertRaises(JobError) as caught:
            parse(Parameters, {"dept": "3", "rate": "fast"})
        message = caught.exception.message
        for part in (
            "dept is not known (is depth meant?)",
            "rate is 'fast', not a finite number",
            "horizon is missing",
        ):
            self.assertIn(part, message)

    def test_many_problems_are_counted(self) -> None:
        with self.assertRaises(JobError) as caught:
            parse(Parameters, {f"x{number}": "1" for number in range(100)})
        self.assertIn("and 93 more", caught.exception.message)


if __name__ == "__main__":
    unittest.main()
