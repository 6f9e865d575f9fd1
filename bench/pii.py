"""Speed of the personal-data scan: MB of values per CPU second, beside Python's ``re`` on the same values.

OMP_NUM_THREADS=1 python bench/pii.py [--rows 300000]
"""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import hashlib
import random
import re
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
from pyarrow import parquet

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.pii.check import PersonalData

WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "while",
    "seven",
    "wizards",
    "box",
    "quietly",
    "and",
    "nobody",
    "calls",
    "the",
    "office",
]
NAIVE = [
    re.compile(one)
    for one in (
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
        r"\+?\d[\d\s().-]{7,}\d",
        r"\b(?:\d[ -]?){13,16}\b",
        r"\b[A-Z]{2}\d{2}[A-Z0-9]{10,30}\b",
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"\b\d{1,3}(?:\.\d{1,3}){3}\b",
    )
]


def prose(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=30))


def noisy(rng: random.Random) -> str:
    """One text in fifty holds personal data, each has a date and an amount."""
    tail = f" write to u{rng.randrange(10**6)}@example.org" if rng.random() < 0.02 else ""
    return f"{prose(rng)} on 2024-03-{rng.randrange(1, 28):02} for {rng.randrange(10**4)}.{rng.randrange(100):02}{tail}"


COLUMNS: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "prose": ("text", prose),
    "prose, dates, 2 % addresses": ("text", noisy),
    "timestamps": (
        "at",
        lambda rng: (
            f"2024-0{rng.randrange(1, 9)}-1{rng.randrange(9)} 12:3{rng.randrange(9)}:{rng.randrange(10, 59)}"
        ),
    ),
    "UUIDs": (
        "uid",
        lambda rng: (
            f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-a{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}"
        ),
    ),
    "decimals as text": ("x", lambda rng: f"{rng.random():.12f}"),
    "codes": ("sku", lambda rng: f"AB-{rng.randrange(10**6)}-{rng.randrange(10**4)}"),
    "categories": ("colour", lambda rng: rng.choice(("red", "green", "light blue"))),
    "e-mail addresses": (
        "mail",
        lambda rng: f"user{rng.randrange(10**7)}@mail{rng.randrange(99)}.example.org",
    ),
    "phone numbers": ("phone", lambda rng: f"+49 30 {rng.randrange(10**6, 10**7)}"),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=300_000)
    rows = parser.parse_args().rows
    PersonalData().run(given_for(Path(tempfile.gettempdir()), "warm", ["a@example.org 2125550123"] * 10))
    print("| column | MB | tdsec MB per CPU s | re, six naive patterns |\n|---|---|---|---|")
    total = spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for label, (name, make) in COLUMNS.items():
            rng = random.Random(5)
            values = [make(rng) for _ in range(rows)]
            size = sum(map(len, values)) / 1e6
            given = given_for(Path(folder), name, values)
            start = time.process_time()
            PersonalData().run(given)
            ours = time.process_time() - start
            some = values[: rows // 20]
            start = time.process_time()
            for value in some:
                for pattern in NAIVE:
                    pattern.search(value)
            naive = sum(map(len, some)) / 1e6 / (time.process_time() - start)
            print(f"| {label} | {size:.1f} | {size / ours:.0f} | {naive:.1f} |")
            total, spent = total + size, spent + ours
    print(f"| all | {total:.1f} | {total / spent:.0f} | |")


def given_for(folder: Path, name: str, values: list[str]) -> CheckInput:
    path = folder / f"bench-{name}.parquet"
    parquet.write_table(pyarrow.table({name: values}), path)
    data = path.read_bytes()
    file = DataFile("t.parquet", path, len(data), hashlib.sha256(data).hexdigest())
    return CheckInput("d", (file,), None, None, {}, None, folder, datetime(2026, 6, 1, tzinfo=UTC))


if __name__ == "__main__":
    main()
