"""How a job is told to leave: SIGTERM, Ctrl-C, or the end of the program that started it."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any

from .errors import Stopped

GRACE_VARIABLE = "PLIMSOLL_JOB_GRACE_S"
PARENT_VARIABLE = "PLIMSOLL_JOB_PARENT"
# SageMaker kills 120 s after its SIGTERM; the rest is for writing down how it ended.
_GRACE_SECONDS = 90.0


class Stopping:
    """Whether the job was told to leave. Work that ends no unit within the grace is left where it stands."""

    def __init__(self) -> None:
        self.is_asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stopping:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._ask)
        if hasattr(signal, "SIGALRM"):
            self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._leave)
        if os.environ.get(PARENT_VARIABLE) == "stdin":
            threading.Thread(target=_leave_with_parent, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def leave_if_asked(self) -> None:
        """Throws `Stopped`."""
        if self.is_asked:
            raise Stopped

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_asked:
            return
        self.is_asked = True
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, _grace_seconds())

    def _leave(self, _number: int, _frame: FrameType | None) -> None:
        raise Stopped


def _grace_seconds() -> float:
    try:
        return max(0.001, float(os.environ.get(GRACE_VARIABLE, "")))
    except ValueError:
        return _GRACE_SECONDS


def _leave_with_parent() -> None:
    """Whoever started us holds the other end of standard input and writes nothing: it ends when they do. What was
    finished is on the disk, so there is nothing to tidy up."""
    try:
        while os.read(0, 4_096):
            pass
    except OSError:
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(143)
