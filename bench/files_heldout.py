"""Recall of the files check on held-out hostile files, by call, spelling and wrapping; none is loaded."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from files_accuracy import WAIVED, denies, judged
from heldout_boxes import BOXES
from heldout_calls import calls
from heldout_other import others
from heldout_pickles import Writer, forms

Sample = tuple[tuple[str, ...], str, bytes]


def pickles(seed: int, count: int) -> list[Sample]:
    rng = random.Random(seed)
    known = calls()
    found: list[Sample] = []
    for index in range(count):
        protocol = rng.randrange(6)
        form = rng.choice(forms(protocol))
        kind, module, name = known[index % len(known)]
        box = rng.choice(BOXES) if index >= len(known) else BOXES[0]
        path, data = box(rng, form(Writer(rng, protocol), module, name))
        labels = (f"call {kind}", f"form {form.__name__}", f"box {box.__name__}", f"protocol {protocol}")
        found.append(((*labels, f"{module}:{name}"), path, data))
    return found


def table(title: str, samples: list[Sample], answers: list[bool], verbose: bool) -> None:
    total, hit = Counter[str](), Counter[str]()
    for (labels, path, _), answer in zip(samples, answers, strict=True):
        for label in labels[:4]:
            total[label] += 1
            hit[label] += answer
        if not answer and verbose:
            print("  missed", *labels, path, file=sys.stderr)
    print(f"\n{title}: {sum(answers)} of {len(answers)} denied")
    print(
        "; ".join(f"{label} {hit[label]}/{n}" for label, n in sorted(total.items()) if hit[label] < n)
        or "none missed"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=77001)
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    samples = pickles(given.seed, given.count)
    with tempfile.TemporaryDirectory() as name:
        for title, params in (("default policy", {}), ("pickles and archives allowed", WAIVED)):
            found = judged(Path(name), [(path, data) for _, path, data in samples], params)
            table(title, samples, [denies(one) for one in found], given.verbose)
        rest = list(others())
        found = judged(Path(name), [(path, data) for _, path, data in rest], {})
        print(f"\nother hostile files: {sum(map(denies, found))} of {len(rest)} denied")
        for (label, _, _), one in zip(rest, found, strict=True):
            if not denies(one):
                print("  not denied:", label, sorted({f"{f.code} {f.severity.value}" for f in one}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
