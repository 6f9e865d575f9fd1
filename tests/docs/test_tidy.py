"""Nothing of one machine in the project, and no file that has grown too large."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from doc_blocks import PACKAGE, ROOT

MOST_LINES = 400
# Written in pieces, so that this file does not hold what it looks for.
MACHINE = re.compile(r"(?<![\w.$}])/(?:wo" + r"rk/|tm" + r"p/w\b|ro" + r"ot\b)")
REGISTRY = re.compile(
    r"https?://[^\s\"'<>]+/simp"
    + r"le\b|(?:pro"
    + r"xy|mir"
    + r"ror|art"
    + r"ifactory|nex"
    + r"us)\.[\w.-]+\.\w+"
)
_SETTINGS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_PROXY")


def tracked() -> list[Path]:
    """Files that git tracks, and those that it would."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(listed, cwd=ROOT, capture_output=True, check=False)
    if answer.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in answer.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Name and text of each tracked file that is text."""
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data[:8000]:
            found.append((path.relative_to(ROOT).as_posix(), data.decode("utf-8", "replace")))
    return found


def registry_hosts() -> set[str]:
    """Hosts of package registries that this machine is told to use, public ones left out."""
    urls = [word for name in _SETTINGS for word in os.environ.get(name, "").split()]
    for place in (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"):
        if place.is_file():
            urls += re.findall(r"https?://\S+", place.read_text("utf-8", "replace"))
    hosts = {urlsplit(url).hostname or "" for url in urls}
    return {host for host in hosts if len(host) > 3 and host not in ("pypi.org", "localhost", "127.0.0.1")}


def test_no_path_of_one_machine() -> None:
    found = texts()
    assert len(found) > 100
    assert [(name, line) for name, text in found for line in text.splitlines() if MACHINE.search(line)] == []


def test_no_registry_host() -> None:
    hosts = registry_hosts()
    assert [
        name for name, text in texts() if REGISTRY.search(text) or any(host in text for host in hosts)
    ] == []


def test_the_patterns_find_what_they_look_for() -> None:
    for bad in ("cd /wo" + "rk/main", "'/tm" + "p/w/base'", "/ro" + "ot/.config", "x=/ro" + "ot"):
        assert MACHINE.search(bad), bad
    for good in ("policies/root", "a/work/b", "/tmp/work", "{root}/root"):
        assert not MACHINE.search(good), good
    assert REGISTRY.search("https://host.example/pypi/simp" + "le")
    assert not REGISTRY.search("https://pypi.org/project/x")


def test_no_file_of_the_package_is_over_the_limit() -> None:
    sizes = {path.name: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert len(sizes) > 100
    assert {name: lines for name, lines in sizes.items() if lines > MOST_LINES} == {}


def test_tests_that_documents_name_are_there() -> None:
    named = [
        (name, place, test)
        for name, text in texts()
        if name.endswith(".md")
        for place, test in re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    ]
    assert len(named) > 10
    for name, place, test in named:
        assert f"def {test}(" in (ROOT / place).read_text("utf-8"), f"{name} names {place}::{test}"
