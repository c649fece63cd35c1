"""A training job in pure Python that takes no time: each member is a few numbers drawn at random and the order of a
set, which both differ from run to run where nothing pins them.

WORKLOAD=what@member says what befalls it there, as `befall` lists.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from plimsoll_models.job import Between, Job, JobError, main


@dataclass(frozen=True)
class Parameters:
    members: Annotated[int, Between(1, 50)] = 6
    rate: Annotated[float, Between(0, 1)] = 0.5
    kind: Literal["tree", "line"] = "tree"
    leaves_model: bool = True


def befall(what: str) -> None:
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what in ("terminate", "hang", "swallow"):
        os.kill(os.getpid(), signal.SIGTERM)
    if what == "swallow":
        try:
            time.sleep(30)
        except Exception:  # noqa: BLE001 - the carelessness that is tested
            pass
    if what == "hang":
        print("hanging", flush=True)
        time.sleep(30)
    if what == "sleep":
        print("sleeping", flush=True)
        time.sleep(30)
    if what in ("spawn", "forget"):
        # A child that keeps the log open after its parent is gone.
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        with open(os.environ["PID_FILE"], "w") as file:
            file.write(str(child.pid))
        if what == "spawn":
            time.sleep(60)
    if what == "flood":
        sys.stdout.write("x" * 5_000_000 + "\n")
        for _ in range(20_000):
            sys.stdout.write('{"plimsoll": "note"\n')
        sys.stdout.flush()
    if what == "secret":
        assert "PLIMSOLL_TEST_SECRET" not in os.environ
    if what == "raise":
        raise ZeroDivisionError("nothing to divide by\n" + "long " * 1_000)
    if what == "refuse":
        raise JobError("NO_BARS", "there are no bars after the embargo", "give a longer span")
    if what == "exit":
        sys.exit(7)


def work(job: Job[Parameters]) -> Mapping[str, float]:
    parameters = job.parameters
    befalls, _, where = os.environ.get("WORKLOAD", "").partition("@")
    bars = (job.channel("train") / "bars.csv").read_text()

    def fit(member: int) -> bytes:
        if befalls and member == int(where):
            befall(befalls)
        draws = [random.random() * parameters.rate for _ in range(3)]
        words = list({*bars.split(), "alpha", "beta", "gamma", "delta"})
        threads = os.environ["OMP_NUM_THREADS"]
        fitted = {"member": member, "draws": draws, "words": words, "threads": threads}
        return json.dumps(fitted).encode()

    units = {f"member-{member}": lambda member=member: fit(member) for member in range(parameters.members)}
    if not job.share(units):
        return {}
    members = []
    for member in range(parameters.members):
        fitted = json.loads(job.unit(f"member-{member}", units[f"member-{member}"]))
        members.append(fitted)
        job.progress(member + 1, parameters.members, {"loss": fitted["draws"][0]})
    if parameters.leaves_model:
        (job.model_dir / "model.json").write_text(json.dumps(members))
    return {"loss": sum(member["draws"][0] for member in members) / len(members), "spread": float("nan")}


if __name__ == "__main__":
    main(Parameters, work)
