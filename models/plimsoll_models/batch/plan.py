"""Which bars one fit says something of, by the clock alone: the same wherever a table begins or is continued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Block:
    """Places of bars, from `first` to `last`, both among them. Their fit looks at the bars up to `first`."""

    first: int
    last: int


def blocks_of(time: NDArray[np.int64], timeframe_ms: int, refit: int) -> list[Block]:
    """Bars are numbered from the epoch, and a block begins with the first bar at or after each number that `refit` divides: where that bar
    is missing, over a weekend, with the next one that is there. Of the first block, the beginning may not be among the bars; it begins with
    the first of them, which no window ends at."""
    number = time // timeframe_ms // refit
    firsts = np.concatenate([[0], np.flatnonzero(np.diff(number)) + 1])
    lasts = np.append(firsts[1:], len(time)) - 1
    return [Block(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def parts_of(blocks: Sequence[Block], least: int) -> Iterator[list[Block]]:
    """Blocks that follow one another, so many together that they have `least` bars or more."""
    part: list[Block] = []
    bars = 0
    for block in blocks:
        part.append(block)
        bars += block.last - block.first + 1
        if bars >= least:
            yield part
            part, bars = [], 0
    if part:
        yield part
