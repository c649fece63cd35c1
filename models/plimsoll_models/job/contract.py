"""Where SageMaker puts what a training job reads, and looks for what it leaves.

The base folder is /opt/ml, and another one where PLIMSOLL_ML_FOLDER names it: that is all that differs on a laptop.
Variables of SageMaker's training toolkit (SM_MODEL_DIR and the like) count where they are set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import WrongUse
from .files import json_object, read_json_object

BASE_VARIABLE = "PLIMSOLL_ML_FOLDER"
_CHANNEL = "SM_CHANNEL_"


@dataclass(frozen=True)
class Contract:
    """The folders of one job, and which of its instances this is."""

    base: Path
    environment: Mapping[str, str]

    @staticmethod
    def of(environment: Mapping[str, str]) -> Contract:
        return Contract(Path(environment.get(BASE_VARIABLE) or "/opt/ml"), environment)

    @property
    def model_dir(self) -> Path:
        return self._named("SM_MODEL_DIR", "model")

    @property
    def output_data_dir(self) -> Path:
        return self._named("SM_OUTPUT_DATA_DIR", "output/data")

    @property
    def checkpoints(self) -> Path:
        return self.base / "checkpoints"

    @property
    def failure_file(self) -> Path:
        return self.base / "output" / "failure"

    def hyperparameters(self) -> Mapping[str, Any]:
        """As they were given: strings, or JSON values in SM_HPS. Throws `JOB_CONFIG_UNREADABLE`."""
        if given := self.environment.get("SM_HPS"):
            return json_object(given, "SM_HPS")
        return self._config("hyperparameters.json")

    def channels(self) -> dict[str, Path]:
        """Name to folder, sorted by name. A variable, whose name is in capitals, moves the channel of that name."""
        below = self.base / "input" / "data"
        found = {path.name: path for path in below.iterdir() if path.is_dir()} if below.is_dir() else {}
        for name in self._config("inputdataconfig.json"):
            found.setdefault(name, below / name)
        spelled = {variable_of(name): name for name in found}
        for variable, folder in self.environment.items():
            if variable.startswith(_CHANNEL) and folder:
                found[spelled.get(variable, variable.removeprefix(_CHANNEL).lower())] = Path(folder)
        return dict(sorted(found.items()))

    def channel(self, name: str) -> Path:
        """Throws `JOB_CHANNEL_MISSING`."""
        channels = self.channels()
        folder = channels.get(name)
        if folder and folder.is_dir():
            return folder
        known = ", ".join(channels) or "none"
        raise WrongUse(
            "JOB_CHANNEL_MISSING",
            f"there is no channel {name} (there are: {known})",
            f"give the data as channel {name}",
        )

    def hosts(self) -> tuple[str, tuple[str, ...]]:
        """The name of this instance and of all, sorted alike on each. Throws `JOB_CONFIG_UNREADABLE`."""
        resources = self._config("resourceconfig.json")
        current = resources.get("current_host") or self.environment.get("SM_CURRENT_HOST") or "algo-1"
        hosts = resources.get("hosts") or _names(self.environment.get("SM_HOSTS")) or [current]
        if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts) or current not in hosts:
            message = f"resourceconfig.json does not name {current!r} among its hosts"
            raise WrongUse("JOB_CONFIG_UNREADABLE", message, "write current_host and hosts as SageMaker does")
        return current, tuple(sorted(hosts))

    def _config(self, name: str) -> Mapping[str, Any]:
        return read_json_object(self.base / "input" / "config" / name) or {}

    def _named(self, variable: str, below: str) -> Path:
        return Path(self.environment.get(variable) or self.base / below)


def variable_of(channel: str) -> str:
    """The name of the variable that says where a channel is."""
    return _CHANNEL + re.sub(r"[^A-Z0-9]", "_", channel.upper())


def _names(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError as problem:
        message = "SM_HOSTS is no JSON"
        raise WrongUse("JOB_CONFIG_UNREADABLE", message, "write it as a JSON list of names") from problem
