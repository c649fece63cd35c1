"""SageMaker's container contract over HTTP, and the address under which its runtime is asked: `/endpoints/NAME/invocations`."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .versions import Shelf, Version
from .wire import BadQuestion, Question, answer_of, question_of

#: As SageMaker's of a real-time endpoint: 25 MB.
MOST_BYTES = 25 * 1_000_000
#: Connections at a time, each with a thread of its own.
MOST_CONNECTIONS = 32
#: Seconds that a connection may be silent, within a request or between two.
_SILENCE_SECONDS = 60.0
#: Seconds that requests at work are given at the end.
_GRACE_SECONDS = 5.0
_ENDPOINT = re.compile(r"/endpoints/([A-Za-z0-9](?:-?[A-Za-z0-9]){0,62})/invocations")
_SHOWN = 300


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True
    # Two servers must not share a port.
    allow_reuse_port = False

    def __init__(self, address: tuple[str, int], shelf: Shelf) -> None:
        """Raises OSError where the port is taken."""
        super().__init__(address, _Handler)
        self.shelf = shelf
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._busy = 0
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        request.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no failure of the server's."""

    def working(self, by: int) -> None:
        with self._lock:
            self._busy += by

    def finish(self) -> None:
        """Takes no more, and waits for what is at work."""
        self.shutdown()
        until = time.monotonic() + _GRACE_SECONDS
        while self._busy > 0 and time.monotonic() < until:
            time.sleep(0.01)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"
    server_version = "plimsoll-models"
    sys_version = ""
    timeout = _SILENCE_SECONDS

    def do_GET(self) -> None:
        if self.path != "/ping":
            self._refuse(404, f"there is nothing at {self.path[:_SHOWN]}")
            return
        shelf = self.server.shelf
        if shelf.versions and not shelf.refused:
            self._say(200, b"")
        else:
            reasons = "; ".join(f"{version}: {why}" for _, version, why in shelf.refused)
            self._refuse(503, reasons or "no version lies in the folder")

    def do_POST(self) -> None:
        self.server.working(1)
        try:
            self._post()
        finally:
            self.server.working(-1)

    def _post(self) -> None:
        endpoint = _ENDPOINT.fullmatch(self.path)
        if endpoint is None and self.path != "/invocations":
            # What was sent is not read: nothing can follow on this connection.
            self.close_connection = True
            self._refuse(404, f"there is nothing at {self.path[:_SHOWN]}")
            return
        body = self._body()
        if body is None:
            return
        try:
            question = question_of(body)
            version = self._version(question, endpoint.group(1) if endpoint else None)
            rows = question.matrix(version.features)
        except BadQuestion as problem:
            self._refuse(400, str(problem))
            return
        try:
            answer = answer_of(version.version, version.answers(rows))
        # Whatever a library raises; the next question may be another.
        except Exception as problem:
            self._refuse(500, f"{type(problem).__name__}: {problem}")
            return
        self._say(200, answer)

    def _body(self) -> bytes | None:
        """None where it was refused."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self.close_connection = True
            self._refuse(411, "a question says how long it is, in Content-Length")
            return None
        if len(length) > 12 or int(length) > MOST_BYTES:
            self.close_connection = True
            self._refuse(413, f"a question has at most {MOST_BYTES} bytes")
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            self._refuse(400, "the question ended before it was over")
            return None
        return body

    def _version(self, question: Question, endpoint: str | None) -> Version:
        """Raises BadQuestion."""
        shelf = self.server.shelf
        version = shelf.versions.get(question.version)
        if version is not None and (endpoint is None or version.model in (None, endpoint)):
            return version
        if why := shelf.refusal(question.version):
            raise BadQuestion(f"the version {question.version} is not served: {why}")
        of = "" if endpoint is None else f" of {endpoint}"
        known = ", ".join(sorted(name for name, one in shelf.versions.items() if endpoint is None or one.model in (None, endpoint)))
        raise BadQuestion(f"there is no version {question.version}{of} here; there is {known or 'none'}")

    def _refuse(self, status: int, why: str) -> None:
        # `message` is where the clients of AWS look.
        self._say(status, json.dumps({"error": why[:2_000], "message": why[:2_000]}).encode())

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """A line for each question would be more than anyone reads."""
