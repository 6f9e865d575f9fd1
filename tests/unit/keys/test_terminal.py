"""Asking for a passphrase: at the terminal and nowhere else, and once."""

from __future__ import annotations

import getpass
import os

import pytest

from tdsec_gov.keys import terminal


def test_nobody_is_asked_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_terminal(*_: object) -> int:
        raise OSError(6, "No such device or address")

    monkeypatch.setattr(os, "open", no_terminal)
    monkeypatch.setattr(getpass, "getpass", lambda _: pytest.fail("asked"))
    assert terminal.at_terminal() == ""


def test_a_wrong_answer_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(terminal, "_asked", set())
    monkeypatch.setattr(terminal, "at_terminal", lambda: asked.append("x") or "wrong words")
    ask, again = terminal.once_at_terminal("/repo"), terminal.once_at_terminal("/repo")
    assert [ask(), again(), ask()] == ["wrong words", "", ""]
    assert terminal.once_at_terminal("/other")() == "wrong words"
    assert len(asked) == 2
