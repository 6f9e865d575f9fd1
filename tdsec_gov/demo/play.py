"""Play the demo and sum it up."""

from __future__ import annotations

import time
from pathlib import Path

from tdsec_gov.demo.attacks import all_attacks
from tdsec_gov.demo.stage import DemoFailed, Stage, table
from tdsec_gov.demo.story import main_job


def play(folder: Path) -> int:
    """0 when every step went as expected, 1 otherwise. ``folder`` must be empty or missing."""
    started = time.monotonic()
    stage = Stage(folder)
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Playing in {folder}\n\nThe main job")
    try:
        main_job(stage)
        print("\nSix attacks, on stock tools and on tdsec")
        all_attacks(stage)
    except DemoFailed as exc:
        print(f"\nThe demo could not go on: {exc}")
        return 1
    print("\n" + table(stage.rows))
    bad = [row for row in stage.rows if not row.good]
    print(
        f"{len(stage.rows) - len(bad)} of {len(stage.rows)} as expected, {time.monotonic() - started:.0f} s"
    )
    print(f"\n  report         {folder / 'report.html'}")
    for page in sorted((folder / "alice").rglob("lineage/report.html")):
        print(f"  lineage page   {page}")
    print(f"  MLflow UI      mlflow ui --backend-store-uri '{stage.tracking_uri}'")
    print(f"  repository     {folder / 'alice'}   (TDSEC_HOME={folder / 'homes' / 'alice' / 'tdsec'})")
    return 1 if bad else 0
