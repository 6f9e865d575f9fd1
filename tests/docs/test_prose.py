"""Commands, options and links that README and docs name in prose exist."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest
from doc_blocks import DOCS, PACKAGE, ROOT, pages
from doc_sources import commands

from tdsec_gov.cli.detect import LookByDefault
from tdsec_gov.vault.keyrings.keyring import Keyring
from tdsec_gov.vault.objects.objects import header_length

README = ROOT / "README.md"
ALL = [README, *pages()]
COMMANDS = commands()
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CALLED = re.compile(r"(?:run:|see:|with:|`)\s*tdsec ([a-z][a-z -]*[a-z])")


def bash_lines(page: Path) -> list[str]:
    """Lines of the page's bash blocks that call tdsec."""
    blocks = [body for kind, body in _FENCE.findall(page.read_text("utf-8")) if kind == "bash"]
    return [line for body in blocks for line in body.splitlines() if line.startswith("tdsec ")]


def spans(page: Path) -> list[str]:
    """Inline code that calls tdsec, outside of fenced blocks; patterns of a call left out."""
    prose = _FENCE.sub("", page.read_text("utf-8"))
    found = [" ".join(one.split()) for one in re.findall(r"`(tdsec [^`]+)`", prose)]
    return [one for one in found if "[" not in one and "COMMAND" not in one]


def command_of(words: list[str]) -> tuple[str, list[str]]:
    """The command that ``words`` (after ``tdsec``) call, and what is left for it."""
    rest = [word for word in words if word != "--json"]
    path = "tdsec"
    while rest and f"{path} {rest[0]}" in COMMANDS:
        path = f"{path} {rest.pop(0)}"
    if isinstance(COMMANDS[path], LookByDefault) and rest and rest[0] not in ("--help", "TARGET"):
        path = f"{path} look"
    return path, rest


def phantom(text: str) -> str | None:
    """What in ``text`` (a call without arguments' values) does not exist."""
    path, rest = command_of(shlex.split(text)[1:])
    command = COMMANDS[path]
    if isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        return f"{path} {rest[0]}"
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
    asked = rest[: rest.index("--")] if "--" in rest else rest
    return next((word for word in asked if word.startswith("--") and word.split("=")[0] not in known), None)


def test_readme_shows_commands() -> None:
    assert len(bash_lines(README)) >= 8


@pytest.mark.parametrize("line", [line for page in ALL for line in bash_lines(page)])
def test_bash_lines_are_accepted(line: str) -> None:
    """Parsed by click as a user's call is, and not run."""
    path, rest = command_of(shlex.split(line, comments=True)[1:])
    assert path != "tdsec" and not isinstance(COMMANDS[path], click.Group), line
    COMMANDS[path].make_context(path, rest)


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_inline_commands_exist(page: Path) -> None:
    assert [one for text in spans(page) if (one := phantom(text))] == []


def test_phantoms_are_noticed() -> None:
    assert phantom("tdsec vault melt") == "tdsec vault melt"
    assert phantom("tdsec nonsense") == "tdsec nonsense"
    assert phantom("tdsec check --everything") == "--everything"
    assert phantom("tdsec --json check TARGET --format json") is None


def test_commands_in_hints_exist() -> None:
    """What errors and findings tell people to run."""
    wrong, seen = [], 0
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for words in _CALLED.findall(node.value):
                    seen += 1
                    wrong += [f"{path.name}: {words}"] if command_of(words.split())[0] == "tdsec" else []
    assert wrong == [] and seen > 30


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    prose = _FENCE.sub("", page.read_text("utf-8"))
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [one for one in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))) if "://" not in one]
    broken = []
    for link in links:
        file, _, anchor = link.partition("#")
        target = page if not file else (page.parent / file).resolve()
        inside = target.is_relative_to(ROOT) and target.exists()
        if not inside or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_readme_leads_to_every_page() -> None:
    linked = set(_LINK.findall(README.read_text("utf-8")))
    assert {f"docs/{page.name}" for page in pages()} <= linked


def test_the_header_of_an_object_is_as_long_as_the_page_says() -> None:
    text = (DOCS / "architecture.md").read_text("utf-8")
    assert f"The header has {header_length(Keyring.generate('store'))} bytes" in text


def test_the_modules_that_are_patched_are_those_the_page_names() -> None:
    from tdsec_gov.vault.plugin import boot

    text = (DOCS / "architecture.md").read_text("utf-8").split("## How DVC learns", 1)[1]
    named = re.findall(r"^\| `([\w.]+)` \|", text.split("\n## ", 1)[0], re.MULTILINE)
    assert named == list(boot._AFTER)
