"""The README's own commands, run line by line in a fresh repository by somebody who has nothing yet."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from workshops import isolated

README = Path(__file__).parents[2] / "README.md"
TRAIN = "rows = open('data/train.csv').read().splitlines()\nassert len(rows) > 100\n"
ANSWERS = (
    "--name 'Our records' --trust curated --license CC0-1.0 --purpose 'a classifier' --personal-data none "
    "--legal-basis '6(1)(f)' --retention-basis 'as long as the model' --contact-name Steward --reviewed-by me"
)


def blocks(heading: str) -> list[str]:
    """The commands of the fenced bash blocks under a heading of the README."""
    section = re.split(r"^## ", README.read_text(), flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading))
    lines = "\n".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL)).splitlines()
    return [line.split(" #")[0].rstrip() for line in lines if line.strip()]


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    env = {**isolated(tmp_path), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    (tmp_path / "home").mkdir()
    repo = tmp_path / "our repository"
    (repo / "data").mkdir(parents=True)
    rows = [f"{n},{n % 7},{n % 2},person{n}@example.com" for n in range(300)]
    (repo / "data" / "train.csv").write_text("\n".join(["id,feature,label,mail", *rows]) + "\n")
    (repo / "train.py").write_text(TRAIN)
    for words in (
        ["git", "init", "-q", "-b", "main"],
        ["dvc", "init", "-q"],
        ["dvc", "add", "-q", "data/train.csv"],
    ):
        subprocess.run(words, cwd=repo, env=env, check=True, capture_output=True)
    for words in (["git", "add", "-A"], ["git", "commit", "-q", "-m", "Before tdsec"]):
        subprocess.run(words, cwd=repo, env=env, check=True, capture_output=True)
    return repo, env


def test_the_use_section_runs(place: tuple[Path, dict[str, str]]) -> None:
    repo, env = place
    bob = {**env, "TDSEC_HOME": str(repo.parent / "bob")}
    ran = []
    for line in blocks("Use"):
        if line.startswith(("age ", "tdsec waive ", "tdsec collect ", "tdsec detect calibrate")):
            continue  # run in tests/integration: with stock age, policies that ask for it, a web server
        who = bob if line.startswith("tdsec key") else env
        if "source add" in line:
            line = f"{line} {ANSWERS}"
        if "add-reader" in line:
            shown = subprocess.run(
                ["tdsec", "key", "show"], env=bob, cwd=repo, capture_output=True, text=True
            )
            line = line.replace("age1...", re.search(r"age1\w+", shown.stdout)[0])
            line = line.replace("ed25519:...", re.search(r"ed25519:\S+", shown.stdout)[0])
        line = line.replace("main..HEAD", "HEAD~1..HEAD")
        done = subprocess.run(
            shlex.split(line), cwd=repo, env=who, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        ran.append(line.split()[0:2])
    assert ["dvc", "push"] in ran and ["tdsec", "report"] in ran and ["tdsec", "run"] in ran
    assert "person1@" not in (repo / "data/train.csv").read_text()
    for page in ("report.html", "page.html"):
        assert (repo / page).read_text().startswith("<!") and "person1@" not in (repo / page).read_text()
