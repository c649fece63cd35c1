"""A training job by SageMaker's contract, there and on a laptop. `main` is the entry, `Job` what the work sees.

Importing this draws in the standard library alone.
"""

from .errors import JobError, Stopped
from .hyperparameters import Between
from .run import Job, main, run

__all__ = ["Between", "Job", "JobError", "Stopped", "main", "run"]
