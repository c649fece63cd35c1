"""Fits every entry of the catalogue on a feature table, judges it beside a naive guess, and compares what is served as ONNX with its
library: `python -m plimsoll_models.catalogue.prove --table FOLDER --out FILE [--artifacts FOLDER]
[--onnx FOLDER] [--group core|classical] [--kept FOLDER]
[--minutes N]`.

Exit codes: 0 all of it done, whoever lost; 1 an entry does not fit, or is served as ONNX and refused; 2 asked for wrongly.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import os
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..job import JobError
from ..job.determinism import pin, seed_everything, seed_for
from ..job.files import read_json_object, write_atomically
from . import GROUPS
from .entry import Entry

if TYPE_CHECKING:
    from .fit import Judged

FORMAT = "plimsoll-catalogue/1"
PARITY_ROWS = 1_200
_MOST_SECONDS = 3_600.0
_GRACE_SECONDS = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="plimsoll_models.catalogue.prove", description=__doc__)
    parser.add_argument("--table", type=Path, required=True, help="the folder of a feature table")
    parser.add_argument("--out", type=Path, required=True, help="the file that is written")
    parser.add_argument("--artifacts", type=Path, help="a folder for the exported models and their parity rows")
    parser.add_argument("--onnx", type=Path, help="a folder for what is exported to ONNX, each with what its library said; traps too")
    parser.add_argument("--group", choices=sorted(GROUPS), default="core", help="whose libraries this Python has")
    parser.add_argument("--kept", type=Path, help="a folder for finished entries, so that a run that was broken off goes on")
    parser.add_argument("--minutes", type=float, help="after which no further entry is begun: those that are left out are named")
    parser.add_argument("--only", help="names of entries, with commas between; all where absent")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0, help="that one entry may take, after which the run ends")
    given = parser.parse_args(arguments)
    try:
        if not 0 <= given.seed < 2**32:
            raise JobError("CATALOGUE_ARGUMENT", f"--seed is {given.seed}", "give a whole number of 32 bits", 2)
        if not 0 < given.seconds <= _MOST_SECONDS:
            raise JobError("CATALOGUE_ARGUMENT", f"--seconds is {given.seconds}", f"give more than 0, and at most {_MOST_SECONDS:g}", 2)
        entries = _chosen(given.only, GROUPS[given.group])
        pin(given.seed, 1)
        proved = prove(entries, given.table, given.seed, given.seconds, given.artifacts, given.onnx, given.kept, given.minutes)
    except JobError as problem:
        print(problem.sentence, file=sys.stderr)
        return problem.exit_code
    write_atomically(given.out, json.dumps(proved, indent=1, allow_nan=False).encode())
    refused = [row["name"] for row in proved["entries"] if row["refused"]]
    if refused:
        print(f"CATALOGUE_REFUSED: {', '.join(refused)} cannot be served as the catalogue says; see `refused` in the file", file=sys.stderr)
        return 1
    return 0


def prove(
    entries: Sequence[Entry],
    table: Path,
    seed: int,
    seconds: float,
    artifacts: Path | None = None,
    onnx: Path | None = None,
    kept: Path | None = None,
    minutes: float | None = None,
) -> dict[str, Any]:
    """What is in `kept` is taken for what this run would make: it has to be of the same table, seed and sources, and without files.
    Raises JobError, `CATALOGUE_NOT_FITTED` where an entry does not fit."""
    from ..table import read_table
    from .data import data_of
    from .fit import fit
    from .traps import sprung

    warnings.filterwarnings("ignore")
    data = data_of(read_table(table))
    # The rows that nothing was fitted on first, then as many of the others as it takes.
    asked = data.rows[np.concatenate([data.test, data.train[::-1]])[:PARITY_ROWS]]
    rows: list[dict[str, Any]] = []
    failed: list[str] = []
    left: list[str] = []
    started = time.monotonic()
    parity: dict[str, Any] = {"rows": asked.astype("<f8")}
    for entry in entries:
        done = None if kept is None else read_json_object(kept / f"{entry.name}.json")
        if done is not None:
            rows.append(dict(done))
            continue
        if minutes is not None and time.monotonic() - started >= 60 * minutes:
            left.append(entry.name)
            continue
        seed_everything(seed_for(seed, entry.name))
        began = time.process_time()
        try:
            with _within(seconds, entry.name):
                fitted = fit(entry, data, seed_for(seed, entry.name))
                served = _served(entry, fitted.model, asked, data.features, artifacts, onnx, parity)
        # Whatever a library raises: the entry is named, and the others are still tried.
        except Exception as problem:
            failed.append(f"{entry.name} ({type(problem).__name__}: {str(problem).splitlines()[0][:200] if str(problem) else ''})")
            continue
        row = {**entry.about(), **_figures(fitted.judged), **served, "cpuSeconds": round(time.process_time() - began, 3)}
        rows.append(row)
        if kept is not None:
            write_atomically(kept / f"{entry.name}.json", json.dumps(row, allow_nan=False).encode())
    if failed:
        what = f"{len(failed)} entries do not fit: {'; '.join(failed)}"
        raise JobError("CATALOGUE_NOT_FITTED", what, "mend each, or take it out of the catalogue")
    if artifacts is not None:
        from ..export.container import pack

        members = [row["name"] for row in rows if row["served"] == "native"]
        write_atomically(artifacts / "parity.bin", pack({"kind": "parity", "features": list(data.features), "members": members}, parity))
    with _within(seconds, "the traps"):
        traps = sprung(data, asked, seed, onnx)
    return {
        "format": FORMAT,
        "seed": seed,
        "features": list(data.features),
        "trained": len(data.train),
        "purged": data.purged,
        "judged": len(data.test),
        # ms UTC, of the first and the last row.
        "periods": {
            name: [int(data.known[rows[0]]), int(data.known[rows[-1]])] for name, rows in (("trained", data.train), ("judged", data.test))
        },
        "parityRows": len(asked),
        "counts": {
            "entries": len(rows),
            "byLibrary": _counted(entry.library for entry in entries),
            "byTask": _counted(entry.task for entry in entries),
            "byServed": _counted(entry.served for entry in entries),
            "byCategory": _counted(entry.category for entry in entries),
            "beatsBaseline": sum(row["beatsBaseline"] for row in rows),
            # Of those with an interval, the ones whose whole interval is a gain.
            "surelyBeatsBaseline": sum(bool(row["gained"]) and row["gained"][0] > 0 for row in rows),
        },
        "entries": rows,
        "left": left,
        "traps": traps,
        "cpuSeconds": round(sum(row["cpuSeconds"] for row in rows), 1),
    }


def _figures(judged: Judged) -> dict[str, Any]:
    return {
        "metric": judged.metric,
        "higherIsBetter": judged.higher_is_better,
        "score": judged.score,
        "baseline": judged.baseline,
        "beatsBaseline": judged.beats_baseline,
        "gained": judged.gained,
        "fittedOn": judged.fitted_on,
        "judgedOn": judged.judged_on,
        "inSample": judged.in_sample,
        "regimes": {name: {"rows": count, "score": score, "baseline": base} for name, (count, score, base) in judged.regimes.items()},
        "blocks": judged.blocks,
    }


@contextlib.contextmanager
def _within(seconds: float, what: str) -> Iterator[None]:
    """Ends the process where it takes longer: no library can be told to stop."""

    def end() -> None:
        problem = JobError("CATALOGUE_TIMEOUT", f"{what} took more than {seconds:g} s", "give more --seconds, or make it smaller")
        print(problem.sentence, file=sys.stderr, flush=True)
        os._exit(problem.exit_code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    # That thread waits where a library's loop keeps the interpreter to itself; this one does not.
    faulthandler.dump_traceback_later(seconds + _GRACE_SECONDS, exit=True)
    try:
        yield
    finally:
        timer.cancel()
        faulthandler.cancel_dump_traceback_later()


def _served(
    entry: Entry,
    model: Any,
    asked: Any,
    features: tuple[str, ...],
    artifacts: Path | None,
    onnx: Path | None,
    parity: dict[str, Any],
) -> dict[str, Any]:
    """Exports what is exported, and says how near ONNX Runtime comes. Native files are compared where they are evaluated."""
    from ..export.onnx_file import exported, onnx_file, parity_of, said_by
    from ..export.trees import NotExportable
    from .native import native_answers, native_file

    about: dict[str, Any] = {"largestDifference": None, "flipped": None, "bytes": None, "refused": None}
    content = None
    try:
        if entry.served == "native":
            content = native_file(entry, model, features)
            parity[f"scores/{entry.name}"], parity[f"probabilities/{entry.name}"] = native_answers(entry, model, asked)
        elif entry.served == "onnx":
            wanted = entry.outputs[-1] if entry.task in ("classification", "density") else ""
            content = onnx_file(model, asked.shape[1], wanted=wanted)
            library = said_by(model, asked, task=entry.task, wanted=wanted)
            near = parity_of(library, content, asked, task=entry.task, wanted=wanted)
            if onnx is not None:
                exported(onnx / entry.name, model, content, asked, features, library, task=entry.task, wanted=wanted)
            # JSON has no infinity.
            difference = near.largest_difference if np.isfinite(near.largest_difference) else None
            about |= {"largestDifference": difference, "flipped": near.flipped, "refused": near.refusal}
    except NotExportable as problem:
        about["refused"] = str(problem)
    if content is not None:
        about["bytes"] = len(content)
        if artifacts is not None and about["refused"] is None:
            write_atomically(artifacts / f"{entry.name}.{'model' if entry.served == 'native' else 'onnx'}", content)
    return about


def _chosen(only: str | None, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    if only is None:
        return entries
    names = only.split(",")
    unknown = sorted(set(names) - {entry.name for entry in entries})
    if unknown:
        raise JobError("CATALOGUE_UNKNOWN", f"the catalogue has no {', '.join(unknown)}", "give names that it has", 2)
    return tuple(entry for entry in entries if entry.name in names)


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


if __name__ == "__main__":
    sys.exit(main())
