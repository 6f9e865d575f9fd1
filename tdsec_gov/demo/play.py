"""Play the demo and sum it up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tdsec_gov.demo.attacks import all_attacks
from tdsec_gov.demo.stage import DemoFailed, Stage, table
from tdsec_gov.demo.story import main_job


def play(folder: Path, say: Callable[[str], None] = print) -> int:
    """0 when every step went as expected, 1 otherwise. ``folder`` must be empty or missing."""
    started = time.monotonic()
    stage = Stage(folder, say=say)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"Playing in {folder}\n\nThe main job")
    try:
        main_job(stage)
        say("\nSix attacks, on stock tools and on tdsec")
        all_attacks(stage)
    except DemoFailed as exc:
        say(f"\nThe demo could not go on: {exc}")
        return 1
    say("\n" + table(stage.rows))
    bad = [row for row in stage.rows if not row.good]
    say(f"{len(stage.rows) - len(bad)} of {len(stage.rows)} as expected, {time.monotonic() - started:.0f} s")
    say(f"\n  report         {folder / 'report.html'}")
    for page in sorted((folder / "alice").rglob("lineage/report.html")):
        say(f"  lineage page   {page}")
    say(f"  MLflow UI      mlflow ui --backend-store-uri '{stage.tracking_uri}'")
    say(f"  repository     {folder / 'alice'}   (TDSEC_HOME={folder / 'homes' / 'alice' / 'tdsec'})")
    return 1 if bad else 0
