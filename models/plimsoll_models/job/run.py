"""Runs the work of a training job: reads what the contract gives, keeps what is finished, and leaves the record.

Exit codes: 0 done; 1 the work failed; 2 it was asked for wrongly and not begun; 143 it was told to leave and can go on.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Generic, NoReturn

from . import record as recording
from . import tracking
from .checkpoint import Checkpoints, Refused
from .contract import Contract
from .determinism import pin, seed_everything, seed_for
from .errors import JobError, Stopped, WrongUse, cut
from .files import files_below, write_atomically
from .hyperparameters import Common, Parameters, parse
from .peers import Borrower, Lender
from .progress import Progress, checked
from .stopping import Stopping

STOPPED = 143
#: Who starts a job in an image says here which code the image has to hold: `code` of the record.
CODE_VARIABLE = "PLIMSOLL_JOB_CODE"
_UNITS_LIMIT = 100_000
_TRACE_FRAMES = 30
_SECONDS_PER_HOUR = 3_600
_MODEL_FILES_LIMIT = 10_000


class Job(Generic[Parameters]):
    """What the work of a job sees."""

    parameters: Parameters
    # How many finished units were taken over from checkpoints, and the seconds that they took when they were done.
    resumed_units: int = 0
    resumed_seconds: float = 0.0

    def __init__(
        self,
        contract: Contract,
        common: Common,
        parameters: Parameters,
        checkpoints: Checkpoints,
        progress: Progress,
        stopping: Stopping,
    ) -> None:
        self.parameters = parameters
        self.seed = common.seed
        self.threads = common.threads
        self.model_dir = contract.model_dir
        self.output_data_dir = contract.output_data_dir
        self.host, self.hosts = contract.hosts()
        # 0 to len(hosts) - 1. The instance of rank 0 writes the model.
        self.rank = self.hosts.index(self.host)
        self._contract = contract
        self._checkpoints = checkpoints
        self._progress = progress
        self._stopping = stopping
        self._units: set[str] = set()
        # Results of units that instances shared, until they are asked for.
        self._shared: dict[str, bytes] = {}

    def channel(self, name: str) -> Path:
        """The folder of a channel of input data. Throws `JOB_CHANNEL_MISSING`."""
        return self._contract.channel(name)

    def unit(self, name: str, work: Callable[[], bytes]) -> bytes:
        """What `work` returns, done once: a job that comes again takes it from its checkpoint. The generators of random
        and numpy are seeded for each unit by its name, so that a unit gives the same whichever ran before it.

        Throws `Stopped` before or after a unit where the job was told to leave; `JOB_CHECKPOINT`.
        """
        if name in self._units or len(self._units) >= _UNITS_LIMIT:
            message = f"unit {name} is done twice, or is more than the {_UNITS_LIMIT} that there may be"
            raise JobError("JOB_CHECKPOINT", message, "give each unit of work its own name")
        self._units.add(name)
        return self._shared.pop(name) if name in self._shared else self._done(name, work)

    def share(self, units: Mapping[str, Callable[[], bytes]]) -> bool:
        """Whether this instance goes on to make the model, as one alone does at once. Of several, each does its share of the units and the
        first gathers them all, so that its `unit` has each at hand; the others return when it has. A share whose instance does not answer for
        long is done by the first.

        `units`: all units of the job by name, the same in the same order on each instance. Throws as `unit`, and `JOB_PEERS`.
        """
        if len(self.hosts) == 1:
            return True
        mine = {name: work for index, (name, work) in enumerate(units.items()) if self.mine(index)}
        if self.rank > 0:
            lender = Lender(self.host, self._checkpoints)
            try:
                for step, (name, work) in enumerate(mine.items(), 1):
                    self._done(name, work)
                    self.progress(step, len(mine))
                lender.wait(self._stopping.leave_if_asked)
            finally:
                lender.close()
            return False
        borrower = Borrower(self._checkpoints)
        try:
            for name, work in mine.items():
                self._shared[name] = self._done(name, work)
                self.progress(len(self._shared), len(units))
            for index, (name, work) in enumerate(units.items()):
                if name not in mine:
                    self._shared[name] = self._gathered(borrower, self.hosts[index % len(self.hosts)], name, work)
                    self.progress(len(self._shared), len(units))
        finally:
            borrower.over(self.hosts[1:])
        return True

    def _gathered(self, borrower: Borrower, host: str, name: str, work: Callable[[], bytes]) -> bytes:
        # That of an attempt before may be here already.
        if self._checkpoints.raw(name) is None:
            payload = borrower.take(host, name, self._stopping.leave_if_asked)
            if payload is not None:
                return payload
            self.note(f"{host} does not answer: unit {name} is done here")
        return self._done(name, work)

    def _done(self, name: str, work: Callable[[], bytes]) -> bytes:
        """From its checkpoint, or done now."""
        self._stopping.leave_if_asked()
        try:
            if finished := self._checkpoints.load(name):
                self.resumed_units += 1
                self.resumed_seconds += finished.seconds
                return finished.payload
        except Refused as refused:
            self.note(f"the checkpoint of unit {name} is not used, and the unit is done again: {refused}")
        seed_everything(seed_for(self.seed, name))
        begun = time.monotonic()
        payload = work()
        self._checkpoints.save(name, payload, time.monotonic() - begun)
        self._stopping.leave_if_asked()
        return payload

    def mine(self, index: int) -> bool:
        """Whether this instance is the one that does the unit of this index."""
        return index % len(self.hosts) == self.rank

    def progress(self, step: int, of: int, metrics: Mapping[str, float] | None = None) -> None:
        """Tells that `step` steps of `of` are done. Throws `JOB_METRIC`."""
        self._progress.tell(step, of, metrics or {})

    def note(self, text: str) -> None:
        self._progress.note(text)

    @property
    def is_stopping(self) -> bool:
        """The job was told to leave: a long unit may break off by raising `Stopped`."""
        return self._stopping.is_asked


Work = Callable[[Job[Parameters]], Mapping[str, float]]


def main(parameters: type[Parameters], work: Work[Parameters]) -> NoReturn:
    """The entry of a program that is a training job.

    `work` writes the model into `job.model_dir` and returns its metrics.
    """
    sys.exit(run(parameters, work))


def run(parameters: type[Parameters], work: Work[Parameters]) -> int:
    """The exit code. Starts the program again where its environment is not pinned yet."""
    contract = Contract.of(os.environ)
    attempt = _Attempt(contract)
    try:
        attempt.begin(parameters)
        with Stopping() as stopping:
            attempt.prepare()
            attempt.do(work, stopping)
        status, code = "done", 0
    except Stopped:
        attempt.progress.note("the job was told to leave; it goes on after its last finished unit when it is run again")
        status, code = "stopped", STOPPED
    except JobError as error:
        _report(contract, error.sentence)
        status, code = "failed", error.exit_code
    except BaseException as error:
        traceback.print_exc(limit=-_TRACE_FRAMES)
        _report(contract, f"JOB_FAILED: {type(error).__name__}: {error}; the log of the job says where it was raised")
        status, code = "failed", 1
    try:
        attempt.leave_record(status)
    except OSError as error:
        if code == 0:
            _report(contract, f"JOB_RECORD: run.json could not be written ({error}); make room for it")
        return code or 1
    return code


class _Attempt:
    """One run of a job, and what is known of it so far."""

    def __init__(self, contract: Contract) -> None:
        self.progress = Progress()
        self._contract = contract
        self._started = time.time()
        self._clock = time.monotonic()
        self._job: Job[Any] | None = None
        self._own: Any = None
        self._common = Common()
        self._record: dict[str, Any] = {"metrics": {}, "model": {}, "hyperparameters": {}}

    def begin(self, kind: type) -> None:
        self._common, self._own = parse(kind, self._contract.hyperparameters())
        pin(self._common.seed, self._common.threads)

    def prepare(self) -> None:
        host, hosts = self._contract.hosts()
        hyperparameters = dataclasses.asdict(self._own)
        program = getattr(sys.modules.get("__main__"), "__file__", None)
        made_from = {
            "data": recording.data_of(self._contract.channels()),
            "hyperparameters": hyperparameters,
            "seed": self._common.seed,
            "threads": self._common.threads,
            "code": recording.code_hash([Path(program)] if program else []),
            "python": recording.python_version(),
            "libraries": recording.libraries(),
        }
        _check_code(made_from["code"])
        spec = getattr(sys.modules.get("__main__"), "__spec__", None)
        self._record.update(made_from)
        self._record.update(
            identity=recording.hash_of(made_from),
            entry=spec.name if spec else Path(program or "").name,
            job=os.environ.get("TRAINING_JOB_NAME"),
            instances={"host": host, "rank": hosts.index(host), "hosts": list(hosts)},
        )

    def do(self, work: Work[Any], stopping: Stopping) -> None:
        for folder in (self._contract.model_dir, self._contract.output_data_dir):
            folder.mkdir(parents=True, exist_ok=True)
        checkpoints = Checkpoints(self._contract.checkpoints, self._record["identity"])
        if checkpoints.others:
            self.progress.note("checkpoints made from other data, hyperparameters, code or libraries are not used")
        self._job = Job(self._contract, self._common, self._own, checkpoints, self.progress, stopping)
        seed_everything(self._common.seed)
        self._record["metrics"] = checked(work(self._job))
        if self._job.rank == 0 and not files_below(self._contract.model_dir, _MODEL_FILES_LIMIT):
            raise JobError("JOB_MODEL_EMPTY", "the work left no model", "write it into job.model_dir")
        self._record["model"] = recording.hashes_below(self._contract.model_dir)

    def leave_record(self, status: str) -> None:
        """Throws `OSError`."""
        record = self._record
        ended, wall = time.time(), time.monotonic() - self._clock
        instances = record.setdefault("instances", {"host": "algo-1", "rank": 0, "hosts": ["algo-1"]})
        resumed_seconds = self._job.resumed_seconds if self._job else 0.0
        # What was lost between a checkpoint and a kill is in no record: the cost is the least that it can have been.
        hours = (wall + resumed_seconds) / _SECONDS_PER_HOUR * len(instances["hosts"])
        record.update(
            schema=recording.SCHEMA,
            status=status,
            started=_iso(self._started),
            ended=_iso(ended),
            ended_ms=round(ended * 1_000),
            wall_seconds=round(wall, 3),
            resumed={"units": self._job.resumed_units if self._job else 0, "seconds": round(resumed_seconds, 3)},
            cost={"usd": round(hours * self._common.usd_per_hour, 6), "usd_per_hour": self._common.usd_per_hour},
        )
        name = "run.json" if instances["rank"] == 0 else f"run-{instances['host']}.json"
        path = self._contract.output_data_dir / name
        record["tracking"] = {"mlflow": "not asked for"}
        if instances["rank"] == 0 and tracking.is_wanted(os.environ):
            _write(path, {**record, "notes": list(self.progress.notes)})
            record["tracking"] = self._track(path)
        _write(path, {**record, "notes": list(self.progress.notes)})

    def _track(self, path: Path) -> dict[str, str]:
        files = {"": path}
        if self._record["status"] == "done":
            files["model"] = self._contract.model_dir
        try:
            return {"mlflow": "tracked", "run": tracking.track(self._record, list(self.progress.points), files)}
        except ImportError as error:
            self.progress.note(f"mlflow cannot be imported ({error}): run.json alone tells of this run")
            return {"mlflow": "absent"}
        except Exception as error:  # noqa: BLE001 - a model is not thrown away because its tracking server is down
            why = cut(f"{type(error).__name__}: {error}", 500)
            self.progress.note(f"mlflow did not take the run ({why}): run.json alone tells of it")
            return {"mlflow": "failed", "why": why}


def _check_code(code: str) -> None:
    """Before anything is paid for: an image that was built from other sources gives another model than this command says."""
    wanted = os.environ.get(CODE_VARIABLE)
    if wanted and wanted != code:
        message = f"the image holds the code {code[:16]}, and {wanted[:16]} was asked for"
        raise WrongUse("JOB_CODE_DIFFERS", message, "build the image anew from these sources (models/Dockerfile)")


def _write(path: Path, record: Mapping[str, Any]) -> None:
    write_atomically(path, recording.pretty(record))


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _report(contract: Contract, sentence: str) -> None:
    """Leaves the reason where SageMaker looks for it."""
    print(cut(sentence), file=sys.stderr, flush=True)
    try:
        write_atomically(contract.failure_file, cut(sentence).encode())
    except OSError as error:
        print(f"the failure file could not be written: {error}", file=sys.stderr, flush=True)
