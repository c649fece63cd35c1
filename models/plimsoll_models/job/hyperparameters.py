"""Hyperparameters, which SageMaker hands over as strings, as the fields of a dataclass.

A field is int, float, bool, str, a `Literal`, `tuple[…, ...]` of one of them (written with commas) or one of these
`| None`; `Annotated[int, Between(1, 64)]` bounds a number. A field without a default has to be given.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import re
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .errors import WrongUse

Parameters = TypeVar("Parameters")

# What SageMaker's own tools add for themselves.
_FOREIGN = re.compile(r"sagemaker_|_tuning_")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_NOTHING = ("", "none", "null")
_TEXT_LIMIT = 10_000
_SHOWN = 60
_PROBLEM_LIMIT = 8


@dataclasses.dataclass(frozen=True)
class Between:
    """A number from `low` to `high`, both among them."""

    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Common:
    """What every job takes."""

    seed: Annotated[int, Between(0, 2**32 - 1)] = 0
    # More than one may change the last bits of sums; results are compared across machines with one.
    threads: Annotated[int, Between(1, 256)] = 1
    # Price of one instance; 0 on a machine of one's own.
    usd_per_hour: Annotated[float, Between(0, 10_000)] = 0.0


def parse(kind: type[Parameters], given: Mapping[str, Any]) -> tuple[Common, Parameters]:
    """Throws `JOB_HYPERPARAMETERS`, which names all that is wrong (a few of them where there are many)."""
    given = {name: value for name, value in given.items() if not _FOREIGN.match(name)}
    problems = [*_unknown(given, [*_names(Common), *_names(kind)])]
    common = _fields(Common, given, problems)
    own = _fields(kind, given, problems)
    if problems:
        more = len(problems) - _PROBLEM_LIMIT
        told = "; ".join(problems[:_PROBLEM_LIMIT]) + (f"; and {more} more" if more > 0 else "")
        raise WrongUse("JOB_HYPERPARAMETERS", told, "correct these hyperparameters")
    return Common(**common), kind(**own)


def _names(kind: type) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def _unknown(given: Mapping[str, Any], known: list[str]) -> list[str]:
    problems = []
    for name in sorted(set(given) - set(known)):
        near = difflib.get_close_matches(name, known, n=1)
        problems.append(f"{name[:_SHOWN]} is not known" + (f" (is {near[0]} meant?)" if near else ""))
    return problems


def _fields(kind: type, given: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in given:
            try:
                values[field.name] = _value(hints[field.name], _text(given[field.name]))
            except ValueError as problem:
                problems.append(f"{field.name} is {_text(given[field.name])[:_SHOWN]!r}, not {problem}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append(f"{field.name} is missing")
    return values


def _text(value: Any) -> str:
    """SageMaker's SDK writes values as JSON, so that a text comes in quotes; SM_HPS holds numbers."""
    if not isinstance(value, str):
        return json.dumps(value)
    if len(value) >= 2 and value[0] == value[-1] == '"':
        try:
            unquoted = json.loads(value)
        except ValueError:
            return value
        return unquoted if isinstance(unquoted, str) else value
    return value


def _value(hint: Any, text: str) -> Any:
    """Throws `ValueError` with what was wanted."""
    if len(text) > _TEXT_LIMIT:
        raise ValueError(f"a text of at most {_TEXT_LIMIT} characters")
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _bounded(_value(arguments[0], text), arguments[1])
    if origin is Literal:
        return _one_of(arguments, text)
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        return None if text.lower() in _NOTHING else _value(inner[0], text)
    if origin is tuple:
        items = text.strip().removeprefix("[").removesuffix("]")
        return tuple(_value(arguments[0], _text(item.strip())) for item in items.split(",") if item.strip())
    return _simple(hint, text)


def _simple(hint: Any, text: str) -> Any:
    stripped = text.strip()
    if hint is str:
        return text
    if hint is bool:
        if stripped.lower() in _TRUTH:
            return _TRUTH[stripped.lower()]
        raise ValueError("true or false")
    if hint is int:
        if _INTEGER.fullmatch(stripped):
            return int(stripped)
        raise ValueError("a whole number")
    if hint is float:
        if _NUMBER.fullmatch(stripped) and math.isfinite(float(stripped)):
            return float(stripped)
        raise ValueError("a finite number")
    raise TypeError(f"no hyperparameter can be of type {hint}")


def _bounded(value: Any, bound: Between) -> Any:
    if value is not None and not bound.low <= value <= bound.high:
        raise ValueError(f"from {bound.low} to {bound.high}")
    return value


def _one_of(choices: tuple[Any, ...], text: str) -> Any:
    for choice in choices:
        if text == (choice if isinstance(choice, str) else json.dumps(choice)):
            return choice
    raise ValueError("one of " + ", ".join(str(choice) for choice in choices))
