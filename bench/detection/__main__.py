"""Attacks on public sets, and who sees them: our detectors beside other tools.

    OMP_NUM_THREADS=1 python -m bench.detection [--set NAME]* [--attack NAME]* [--rows N] [--seeds N]
        [--clean N] [--json FILE] [--cache FOLDER]

Prints Markdown tables. With ``--json`` results are written as they come and read again by the next run. The
other tools are optional: ``pip install cleanlab pyod`` and ``pip install --no-deps
adversarial-robustness-toolbox`` (beside PyTorch); what is missing is said to be missing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import pickle
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.detection.book import Book
from bench.detection.cells import CLEAN, FAMILIES, LIBRARIES, MODES, Cell, cells, clean_pushes, in_child
from bench.detection.ours import versions
from bench.detection.sets import SETS, USUAL, NoSet, load
from bench.detection.shifts import SHIFTS
from bench.detection.table import markdown
from tdsec_gov.detect.attacks.table import ATTACKS
from tdsec_gov.detect.suite import DETECTORS

_LIMIT = 1800.0


def main(words: Sequence[str] | None = None) -> None:
    given = _parsed(words)
    book = Book(given.json, versions())
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_preloaded(given.method))
    with tempfile.TemporaryDirectory() as folder:
        for name in given.set or USUAL:
            _one_set(name, given, book, context, Path(folder))
    print(markdown(book.lines))


def _one_set(name: str, given: argparse.Namespace, book: Book, context: Any, folder: Path) -> None:
    try:
        pool = load(name, given.cache)
    except NoSet as exc:
        print(f"{name}: not run: {exc}", file=sys.stderr)
        return
    stored = folder / name
    stored.write_bytes(pickle.dumps(pool))
    attacks = given.attack or [CLEAN, *SHIFTS, *ATTACKS]
    wanted = cells(name, pool, given.rows, attacks, given.rate, given.seeds, given.method, given.mode)
    done = book.keys()
    for cell in [*wanted, *clean_pushes(name, pool, given.rows, given.clean)]:
        if cell.key not in done:
            book.add(cell, _alone(cell, stored, context))
            done.add(cell.key)
            _tell(book.lines[-1])


def _alone(cell: Cell, stored: Path, context: Any) -> list[dict[str, Any]]:
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=in_child, args=(cell, stored, send))
    child.start()
    send.close()
    try:
        ready = receive.poll(_LIMIT)
        found: list[dict[str, Any]] = receive.recv() if ready else [{"not_run": "took too long"}]
    except EOFError:
        found = [{"not_run": "the process failed"}]
    if child.is_alive() and not ready:
        child.kill()
    child.join()
    return [{"method": cell.family, **one} for one in found]


def _preloaded(families: Sequence[str]) -> list[str]:
    """What every cell's process has before it starts: its cost is not the cell's."""
    from importlib.util import find_spec

    ours = [one.partition(":")[0] for one in DETECTORS.values()]
    theirs = [one for family in families for one in LIBRARIES.get(family, ())]
    theirs = [one for one in theirs if find_spec(one.partition(".")[0]) is not None]
    return ["bench.detection.cells", "bench.detection.ours", "scipy.stats", "scipy.optimize", *ours, *theirs]


def _tell(line: dict[str, Any]) -> None:
    shown = ("data", "mode", "attack", "rate", "seed", "method", "not_run", "auroc", "verdict", "seconds")
    print(json.dumps({one: line[one] for one in shown if one in line}), file=sys.stderr, flush=True)


def _parsed(words: Sequence[str] | None) -> argparse.Namespace:
    known = [CLEAN, *SHIFTS, *ATTACKS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--set", action="append", choices=SETS)
    parser.add_argument("--attack", action="append", choices=known, metavar="NAME", help=" ".join(known))
    parser.add_argument("--method", action="append", choices=FAMILIES)
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--rate", action="append", type=float)
    parser.add_argument("--rows", type=int, default=10_000, help="accepted rows and push together")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--clean", type=int, default=0, help="clean pushes of each set")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tdsec-bench")
    given = parser.parse_args(words)
    given.method, given.mode = given.method or [*FAMILIES], given.mode or [*MODES]
    given.rate = given.rate or [0.01, 0.05]
    return given


if __name__ == "__main__":
    main()
