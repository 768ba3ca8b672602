"""The coarsest approximation: a few samples, each predicted from the one before it."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from scatter.codec.entropy import TOTAL, Decoder, Encoder, frequencies, get_values, put_values
from scatter.codec.symbols import EXTRA, FIRST, symbols

Ints = NDArray[np.int64]

SPREADS = 16
"""Number of tables; the residuals of table k are about 2^k large."""
_SPREAD_BITS = np.array([4])


@cache
def _tables() -> Ints:
    weights = [
        [
            max(1, (int(1 << int(e)) << 60) // ((1 << k) + int(f)) ** 3)
            for f, e in zip(FIRST, EXTRA, strict=True)
        ]
        for k in range(SPREADS)
    ]
    return frequencies(np.array([[1 + (w << 20) // sum(row) for w in row] for row in weights], np.int64))


def put_coarse(encoder: Encoder, q: NDArray[np.int32]) -> None:
    """Code an approximation."""
    residuals = q.astype(np.int64)
    residuals[:, 1:] -= q[:, :-1]
    residuals[1:, 0] -= q[:-1, 0]
    values = np.where(residuals < 0, -2 * residuals - 1, 2 * residuals).ravel()
    found = symbols(values)
    costs = np.log2(TOTAL / _tables())[:, found].sum(axis=1)
    spread = int(np.rint(256 * costs).argmin())
    encoder.put_raw(np.array([spread]), _SPREAD_BITS)
    put_values(encoder, _tables(), np.full(len(values), spread), values)


def get_coarse(decoder: Decoder, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Decode an approximation."""
    spread = int(decoder.get_raw(_SPREAD_BITS)[0])
    values, _ = get_values(decoder, _tables(), np.full(shape[0] * shape[1], spread))
    residuals = np.where(values & 1, -((values + 1) >> 1), values >> 1).reshape(shape)
    residuals[:, 0] = np.cumsum(residuals[:, 0])
    q = np.cumsum(residuals, axis=1)
    # What a damaged file holds may pass any bound; a true one stays far within this.
    bounded: NDArray[np.int32] = np.clip(q, -(2**24), 2**24).astype(np.int32)
    return bounded
