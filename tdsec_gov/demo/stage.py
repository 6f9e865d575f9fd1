"""The demo's mechanics: people with homes of their own, commands as they would type them, a table."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit code and combined output of a command."""

    code: int
    text: str

    @property
    def refusal(self) -> str:
        """The line that says why not, for people."""
        lines = [line for line in self.text.splitlines() if "refused" in line or line.startswith("tdsec:")]
        return lines[-1] if lines else ""


@dataclass
class Row:
    """One line of the table."""

    step: str
    expected: str
    observed: str

    @property
    def good(self) -> bool:
        return self.expected == self.observed


@dataclass
class Stage:
    """A folder with everybody's homes in it; nothing of the real user's settings is read or written."""

    folder: Path
    rows: list[Row] = field(default_factory=list)
    say: Callable[[str], None] = print

    def environment(self, person: str) -> dict[str, str]:
        home = self.folder / "homes" / person
        home.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {
            **kept,
            "HOME": str(home),
            "TDSEC_HOME": str(home / "tdsec"),
            "DVC_GLOBAL_CONFIG_DIR": str(home / "dvc"),
            "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
            "DVC_NO_ANALYTICS": "1",
            "GIT_AUTHOR_NAME": person,
            "GIT_AUTHOR_EMAIL": f"{person}@example.org",
            "GIT_COMMITTER_NAME": person,
            "GIT_COMMITTER_EMAIL": f"{person}@example.org",
            "GIT_CONFIG_NOSYSTEM": "1",
            "MLFLOW_TRACKING_URI": self.tracking_uri,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}",
        }

    @property
    def tracking_uri(self) -> str:
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    def run(self, person: str, where: Path, *words: str, **more: str) -> Answer:
        """Run a command as ``person``; ``git``, ``dvc`` and ``tdsec`` are those beside this Python."""
        tools = {"dvc": ["-m", "dvc"], "tdsec": ["-P", "-m", "tdsec_gov.cli.main"], "python": []}
        command = [sys.executable, *tools[words[0]], *words[1:]] if words[0] in tools else list(words)
        done = subprocess.run(
            command,
            cwd=where,
            env={**self.environment(person), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout)

    def must(self, person: str, where: Path, *words: str, **more: str) -> Answer:
        """As :meth:`run`, for what only prepares a step. Raises DemoFailed when it fails."""
        answer = self.run(person, where, *words, **more)
        if answer.code != 0:
            raise DemoFailed(f"{' '.join(words)} (as {person}) ended with {answer.code}:\n{answer.text}")
        return answer

    def note(self, step: str, expected: str, observed: str) -> None:
        """Add a line to the table, and say at once how it went."""
        row = Row(step, expected, observed)
        self.rows.append(row)
        self.say(f"  {'ok  ' if row.good else 'FAIL'} {step}: {observed}")


class DemoFailed(Exception):
    """A step that only prepares the next one did not work: the demo cannot go on."""


def table(rows: list[Row]) -> str:
    """The table *step / expected / observed*."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(title="tdsec demo", show_lines=False)
    for column in ("", "step", "expected", "observed"):
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row("ok" if row.good else "FAIL", row.step, row.expected, row.observed)
    console = Console(width=132, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(shown)
    return console.export_text()
