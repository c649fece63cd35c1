"""The instances of one job, which share its units of work: each does some, and the first asks the others for what they did.

They find each other by the names that SageMaker gives them, on one port inside the job's own network. What is handed over is a
checkpoint, with its identity and its hash: it is believed as little as one from a disk.
"""

from __future__ import annotations

import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .checkpoint import Checkpoints, Refused
from .errors import JobError

PORT_VARIABLE = "PLIMSOLL_JOB_PORT"
SILENCE_VARIABLE = "PLIMSOLL_JOB_SILENCE_S"
_PORT = 8_765
#: Of an instance that does not answer, until its share is done by the first.
_SILENCE_SECONDS = 300.0
_QUESTION_SECONDS = 30.0
_PAUSE_SECONDS = 0.5
_BYTES_LIMIT = 2 << 30
_UNITS = "/units/"
_OVER = "/over"


class Lender:
    """Hands out the checkpoints of an instance, from its start until the first instance says that it has them all."""

    def __init__(self, host: str, checkpoints: Checkpoints) -> None:
        """Raises JobError `JOB_PEERS` where the port cannot be had."""
        self._over = threading.Event()
        try:
            self._server = ThreadingHTTPServer((host, _port()), _handler(checkpoints, self._over))
        except OSError as problem:
            message = f"{host} cannot be asked for its units: {problem}"
            raise JobError("JOB_PEERS", message, f"free its port {_port()}, or run the job on one instance") from problem
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait(self, leave_if_asked: Callable[[], None]) -> None:
        """Until the first instance has all. SageMaker's own time limit ends it where that never comes."""
        while not self._over.wait(_PAUSE_SECONDS):
            leave_if_asked()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Borrower:
    """Asks other instances for what they did."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._silent: set[str] = set()

    def take(self, host: str, unit: str, leave_if_asked: Callable[[], None]) -> bytes | None:
        """The result of a unit once `host` has it; None where that does not answer for long, or hands over what is no checkpoint of it."""
        heard = time.monotonic()
        while host not in self._silent:
            leave_if_asked()
            try:
                if data := _ask(host, f"{_UNITS}{unit}"):
                    return self._checkpoints.taken(unit, data).payload
                heard = time.monotonic()
            except (OSError, Refused):
                if time.monotonic() - heard > _silence():
                    self._silent.add(host)
            time.sleep(_PAUSE_SECONDS)
        return None

    def over(self, hosts: tuple[str, ...]) -> None:
        """Lets the others end. One that does not hear it is ended by SageMaker, with the job."""
        for host in hosts:
            try:
                _ask(host, _OVER)
            except OSError:
                continue


def _ask(host: str, path: str) -> bytes | None:
    """None where it is not there yet. Raises `OSError`."""
    # No proxy stands between instances.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{host}:{_port()}{path}", timeout=_QUESTION_SECONDS) as answer:
            return bytes(answer.read(_BYTES_LIMIT))
    except urllib.error.HTTPError as problem:
        with problem:
            return None


def _handler(checkpoints: Checkpoints, over: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == _OVER:
                over.set()
                self._answer(b"over\n")
            else:
                self._answer(checkpoints.raw(self.path.removeprefix(_UNITS)) if self.path.startswith(_UNITS) else None)

        def _answer(self, data: bytes | None) -> None:
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, format: str, *arguments: Any) -> None:
            """The log is of the job."""

    return Handler


def _port() -> int:
    return int(os.environ.get(PORT_VARIABLE) or _PORT)


def _silence() -> float:
    return float(os.environ.get(SILENCE_VARIABLE) or _SILENCE_SECONDS)
