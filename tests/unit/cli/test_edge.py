"""The edge: every command on the table, one place for exit codes, nothing heavy on the way to --help."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tdsec_gov.cli import hooks, main
from tdsec_gov.errors import TdsecError


def every_error() -> list[type[TdsecError]]:
    found, todo = [], [TdsecError]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += one.__subclasses__()
    return [one for one in found if one.__module__ == "tdsec_gov.errors"]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_is_one_line_and_one_document(
    kind: type[TdsecError], capsys: pytest.CaptureFixture[str]
) -> None:
    error = kind("two\nlines", where="here", expected="a\nb", found="c", hint="do\nthis")
    assert main._fail(error, True) == kind.exit_code
    said = capsys.readouterr()
    assert said.err == "tdsec: here: two lines; expected a b; found c - do this\n"
    body = json.loads(said.out)
    assert (body["ok"], body["code"], body["exit"]) == (False, kind.code, kind.exit_code)


def test_codes_and_exits_are_documented_and_distinct() -> None:
    errors = every_error()
    assert len({one.code for one in errors if one is not TdsecError}) == len(errors) - 1
    assert {one.exit_code for one in errors} == {1, 2, 3, 10, 11, 12, 13, 14}


def test_an_unexpected_error_shows_its_kind_and_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert main._fail(ValueError("p1@example.com"), False) == 3
    said = capsys.readouterr()
    assert "ValueError" in said.err and "@example" not in said.err and said.out == ""


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys;from tdsec_gov.cli.main import main;main(['--help']);"
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'dvc','pandas','polars','torch','mlflow','sklearn','pydantic','cryptography','sqlmodel'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in main.COMMANDS:
        assert f"  {name} " in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "environment", "stage", "told"),
    [
        ([], {}, "pre-commit", []),
        (["--stage", "pre-push", "origin", "url"], {}, "pre-push", ["--", "origin", "url"]),
        (["--stage", "post-checkout", "a", "b", "1"], {}, "post-checkout", ["--", "a", "b", "1"]),
        (["--stage", "pre-push"], {"PRE_COMMIT_REMOTE_NAME": "origin"}, "pre-push", []),
        (["a.dvc", "b.dvc"], {}, "pre-commit", []),
        ([], {"PRE_COMMIT_TO_REF": "x"}, "pre-push", []),
        ([], {"PRE_COMMIT_REMOTE_NAME": "origin"}, "pre-push", []),
    ],
)
def test_stage_of_a_hook(
    arguments: list[str],
    environment: dict[str, str],
    stage: str,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []
    for name in ("HOOK_STAGE", "TO_REF", "REMOTE_NAME"):
        monkeypatch.delenv(f"PRE_COMMIT_{name}", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(hooks, "main", lambda argv: asked.append(argv) or 0)
    hooks.check_main(arguments)
    assert asked == [["check", "--stage", stage, *told]]
