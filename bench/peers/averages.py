"""Moving averages of whole numbers, for the peers that cross two of them."""

import numba
import numpy as np


@numba.njit(cache=False)
def sums_over(closes, length):
    sums = np.zeros(closes.size, dtype=np.int64)
    total = 0
    for i in range(closes.size):
        total += closes[i]
        if i >= length:
            total -= closes[i - length]
        sums[i] = total
    return sums
