"""The same inputs, the same bytes: what has to be set before Python and its libraries start, and the seeds."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import random
import sys

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_PINNED = "PLIMSOLL_JOB_PINNED"


def settings(seed: int, threads: int) -> dict[str, str]:
    """What the environment has to hold when the interpreter starts."""
    return {"PYTHONHASHSEED": str(seed), **dict.fromkeys(_THREADS, str(threads))}


def pin(seed: int, threads: int) -> None:
    """Where the environment does not hold these settings, starts the program again, in this process, under them:
    hashing is settled when the interpreter starts, and libraries look at their thread counts when they are imported."""
    wanted = settings(seed, threads)
    if all(os.environ.get(name) == value for name, value in wanted.items()):
        return
    os.environ.update(wanted)
    # A launcher that changes the environment back must not keep us starting for ever.
    if os.environ.get(_PINNED) == str(os.getpid()):
        return
    os.environ[_PINNED] = str(os.getpid())
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def seed_for(seed: int, name: str) -> int:
    """A seed of its own for each part of the work, 32 bits: none depends on which parts ran before."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big")


def seed_everything(seed: int) -> None:
    """Seeds the generators that libraries use where none is handed to them."""
    random.seed(seed)
    if "numpy" in sys.modules or importlib.util.find_spec("numpy"):
        import numpy

        numpy.random.seed(seed)
