"""How a job ends before its time."""

from __future__ import annotations

# SageMaker shows this much of the failure file.
SENTENCE_LIMIT = 1_024


class JobError(Exception):
    """What happened, and the way out. `code` is stable and is what programs compare."""

    def __init__(self, code: str, message: str, remedy: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.exit_code = exit_code

    @property
    def sentence(self) -> str:
        return f"{self.code}: {self.message}; {self.remedy}"


class WrongUse(JobError):
    """What was asked for cannot be run; no work was begun. Exit code 2."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(code, message, remedy, exit_code=2)


class Stopped(BaseException):
    """The job was told to leave. No `Exception`, so that work which catches those does not hold it up."""


def cut(text: str, limit: int = SENTENCE_LIMIT) -> str:
    """`text` within `limit` bytes of UTF-8."""
    data = text.encode()
    return text if len(data) <= limit else data[: limit - 3].decode(errors="ignore") + "…"
