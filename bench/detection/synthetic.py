"""A made-up table of numbers, categories, counts and short texts; 8 % of its labels are noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars


def mixed(rows: int = 20_000) -> tuple[polars.DataFrame, list[str]]:
    """Content columns and labels; always the same."""
    import polars as pl

    rng = np.random.default_rng(7)
    words = [f"word{one}" for one in range(120)]
    y = rng.integers(0, 3, rows)
    noise = np.where(rng.random(rows) < 0.08, rng.integers(0, 3, rows), y)
    table = pl.DataFrame(
        {
            "age": rng.integers(18, 80, rows),
            "income": np.round(rng.lognormal(8 + 0.3 * y, 0.6), 2),
            "city": rng.choice(["u", "v", "w", "x", "y", "z"], rows),
            "job": [f"j{one}" for one in (y * 2 + rng.integers(0, 5, rows))],
            "visits": rng.poisson(2 + y),
            "note": [
                " ".join([*rng.choice(words[40 * k : 40 * k + 40], 5), *rng.choice(words, 6)]) for k in y
            ],
        }
    )
    return table, [f"class-{one}" for one in noise]
