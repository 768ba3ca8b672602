"""What was found about images by several codecs, and their BD-rates as a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from scatter.codec.compare import Comparison

MEASURES = ("psnr", "ssim")


@dataclass(frozen=True)
class Compared:
    """An image and what was found; ``bd_rates`` holds PSNR's and SSIM's of every codec but the reference."""

    name: str
    found: Comparison
    bd_rates: dict[str, dict[str, float]]


def bd_rate_table(done: list[Compared]) -> dict[str, list[Any]]:
    """BD-rates of every image and, if there are several, their means, as columns; empty if there is none."""
    rows: list[tuple[str | float, ...]] = [
        (one.name, codec, *values.values()) for one in done for codec, values in one.bd_rates.items()
    ]
    if not any(isinstance(value, float) and math.isfinite(value) for row in rows for value in row):
        return {}
    if len(done) > 1:
        means = mean_bd_rates(done)
        label = f"mean of {len(means.images)}" + (f" of {len(done)}" if len(means.images) < len(done) else "")
        rows += [(label, codec, *values.values()) for codec, values in means.rates.items()]
    head = ("image", "codec", *(f"BD-rate {measure.upper()} (%)" for measure in MEASURES))
    shown = [
        [value if isinstance(value, str) or math.isfinite(value) else "none" for value in row] for row in rows
    ]
    return dict(zip(head, map(list, zip(*shown, strict=True)), strict=True))


class Means(NamedTuple):
    """BD-rates of every codec by measure, and the names of the images that they are means of."""

    rates: dict[str, dict[str, float]]
    images: list[str]


def mean_bd_rates(done: list[Compared]) -> Means:
    """Means over the images for which every codec that has any BD-rate has both, so that means compare."""

    def known(one: Compared, codec: str) -> bool:
        return all(math.isfinite(value) for value in one.bd_rates.get(codec, {"none": math.nan}).values())

    codecs = dict.fromkeys(codec for one in done for codec in one.bd_rates)
    measured = [codec for codec in codecs if any(known(one, codec) for one in done)]
    common = [one for one in done if measured and all(known(one, codec) for codec in measured)]
    rates = {
        codec: {
            measure: math.fsum(one.bd_rates[codec][measure] for one in common) / len(common)
            for measure in MEASURES
        }
        for codec in (measured if common else ())
    }
    return Means(rates, [one.name for one in common])


__all__ = ["MEASURES", "Compared", "Means", "bd_rate_table", "mean_bd_rates"]
