"""Lines of progress, as a program and as SageMaker's metric definitions read them."""

from __future__ import annotations

import contextlib
import io
import json
import re
import unittest

from plimsoll_models.job.errors import JobError
from plimsoll_models.job.progress import Progress, metric_regex


def told(step: int, of: int, metrics: dict[str, float]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        Progress().tell(step, of, metrics)
    return out.getvalue()


class ProgressTest(unittest.TestCase):
    def test_is_a_line_of_json(self) -> None:
        line = told(2, 8, {"loss": 0.25, "gap": float("inf")})
        self.assertEqual(line.count("\n"), 1)
        expected = {"plimsoll": "progress", "step": 2, "of": 8, "metrics": {"loss": 0.25, "gap": None}}
        self.assertEqual(json.loads(line), expected)

    def test_a_metric_definition_reads_the_same_number(self) -> None:
        for value in (0.25, -3.0, 1e-12, 1.5e300, -2.5e-7, 7):
            line = told(1, 1, {"val.loss": value, "loss": 9.0})
            found = re.search(metric_regex("val.loss"), line)
            self.assertEqual(float(found[1]), value)
        self.assertIsNone(re.search(metric_regex("gap"), told(1, 1, {"gap": float("nan")})))

    def test_refuses_names_and_numbers_of_metrics_that_no_log_reads(self) -> None:
        for metrics in ({"": 1.0}, {'a"b': 1.0}, {"x" * 200: 1.0}, {f"m{n}": 1.0 for n in range(100)}):
            with self.assertRaises(JobError):
                Progress().tell(1, 1, metrics)

    def test_keeps_the_last_of_what_it_told(self) -> None:
        progress = Progress()
        with contextlib.redirect_stdout(io.StringIO()):
            for step in range(10_500):
                progress.tell(step, 10_500, {"loss": 1.0})
            progress.note("ü" * 5_000)
        self.assertEqual((len(progress.points), progress.points[-1].step), (10_000, 10_499))
        self.assertLessEqual(len(progress.notes[0].encode()), 2_000)


if __name__ == "__main__":
    unittest.main()
