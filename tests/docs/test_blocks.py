"""Every generated block says what the code says, each stands once, and each meaning is written.

To mend a failure: ``python tests/docs/regenerate.py``, then write the meanings it asks for.
"""

from __future__ import annotations

import pytest
from doc_blocks import DOCS, all_blocks, has_meanings, keyed, meanings, pages, rewritten
from doc_sources import RANGES, commands, error_classes, model_names, required, variables, wanted

from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.checks.registry import CHECKS
from tdsec_gov.cli.main import COMMANDS, cli

BLOCKS = all_blocks()


def test_the_pages_are_these() -> None:
    assert [page.name for page in pages()] == [
        "architecture.md",
        "cli.md",
        "errors.md",
        "keys.md",
        "measured.md",
        "notebooks.md",
        "performance.md",
        "policy.md",
        "threat-model.md",
    ]


def test_nothing_is_undocumented_and_nothing_documented_is_a_phantom() -> None:
    assert set(BLOCKS) == required()


def test_what_must_be_documented_is_found_at_all() -> None:
    """The lists come from the code; here they are held against numbers, so that none is empty."""
    assert set(COMMANDS) <= {path.split()[1] for path in commands() if path != "tdsec"}
    assert len(commands()) > 25 and "tdsec audit verify" in commands()
    assert {"PolicyFile", "DatasetRule", "Source", "AccessFile", "Member"} <= set(model_names())
    assert {"GateDenied", "Unreadable", "MacInvalid"} <= {one.__name__ for one in error_classes()}
    assert {"TDSEC_HOME", "TDSEC_IDENTITY", "TDSEC_DEBUG", "TDSEC_ENFORCE"} <= set(variables())


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_the_block_says_what_the_code_says(name: str) -> None:
    assert BLOCKS[name] == wanted(name, BLOCKS[name]), "run: python tests/docs/regenerate.py"


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_every_meaning_is_written(name: str) -> None:
    if has_meanings(BLOCKS[name]):
        assert meanings(BLOCKS[name])
        assert [key for key, text in meanings(BLOCKS[name]).items() if len(text) < 1] == []


def test_every_finding_code_belongs_to_one_check_of_the_policy_page() -> None:
    owners = {code: [name for name, span in RANGES.items() if int(code[3:]) in span] for code in EXPLANATIONS}
    assert {code: found for code, found in owners.items() if len(found) != 1} == {}
    assert set(RANGES) == {"gate", *CHECKS}


def test_every_exit_code_stands_in_the_help() -> None:
    shown = {part.split()[0] for part in (cli.epilog or "").removeprefix("Exit codes: ").split(", ")}
    assert shown == set(meanings(BLOCKS["exit-codes"]))


def test_a_changed_block_is_noticed_and_mended() -> None:
    page = (DOCS / "errors.md").read_text("utf-8")
    broken = page.replace("`verdict-missing` | 11", "`verdict-missing` | 12")
    assert broken != page
    assert rewritten(broken, wanted) == page


def test_meanings_survive_a_new_and_a_vanished_key() -> None:
    body = keyed(("key",), [("`a`",), ("`b`",)], "")
    body = body.replace("| `a` |  |", "| `a` | first |").replace("| `b` |  |", "| `b` | one \\| two |")
    assert meanings(keyed(("key",), [("`b`",), ("`c`",)], body)) == {"`b`": "one \\| two", "`c`": ""}
