"""`python -m plimsoll_models.serve [--folder FOLDER] [--host HOST] [--port PORT] [serve]`

Prints one line when it can be asked: `{"plimsoll": "serving", "port": …, "versions": [{"model", "version"}], "refused": [{…, "why"}]}`.
SageMaker starts a container with the word `serve`. Exit codes: 0 told to end; 1 the port is taken; 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path
from typing import NoReturn

from ..job.contract import BASE_VARIABLE
from ..job.determinism import pin
from ..job.stopping import PARENT_VARIABLE
from .server import ModelServer
from .versions import shelf_of


def main() -> NoReturn:
    given = _arguments()
    # One thread for each question, as when the answers were recorded.
    pin(0, 1)
    folder = Path(given.folder)
    if not folder.is_dir():
        print(f"there is no folder {folder}: name one that holds a version, or MODEL/VERSION folders", file=sys.stderr)
        sys.exit(2)
    # Libraries warn of columns without names, at every question.
    warnings.simplefilter("ignore")
    shelf = shelf_of(folder)
    try:
        server = ModelServer((given.host, given.port), shelf)
    except OSError as problem:
        print(f"port {given.port} of {given.host} cannot be used ({problem}): name another one with --port", file=sys.stderr)
        sys.exit(1)
    # Not an event or a queue: a signal that comes right before this thread waits for one is noted and wakes nobody, since its handler would run
    # in this thread. What the interpreter writes to a descriptor as the signal comes is there to be read, before and after.
    ended, end = socket.socketpair()
    end.setblocking(False)
    signal.set_wakeup_fd(end.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    if os.environ.get(PARENT_VARIABLE) == "stdin":
        threading.Thread(target=_end_with_parent, args=(end,), daemon=True).start()
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    _say(
        {
            "plimsoll": "serving",
            "port": server.server_address[1],
            "versions": [{"model": one.model, "version": one.version} for one in shelf.versions.values()],
            "refused": [{"model": model, "version": version, "why": why} for model, version, why in shelf.refused],
        }
    )
    ended.recv(1)
    server.finish()
    sys.exit(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m plimsoll_models.serve", allow_abbrev=False)
    base = Path(os.environ.get(BASE_VARIABLE) or "/opt/ml")
    parser.add_argument("--folder", default=str(base / "model"), help="with one version, or with MODEL/VERSION folders")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8080, help="0: any that is free")
    parser.add_argument("serve", nargs="?", choices=["serve"], help="as SageMaker starts a container")
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _end_with_parent(end: socket.socket) -> None:
    """Whoever started us holds the other end of standard input and writes nothing: it ends when they do."""
    try:
        while os.read(0, 4_096):
            pass
    except OSError:
        pass
    end.send(b"\0")


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
