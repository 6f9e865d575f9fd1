"""The optional engine: without a network, without a model, and a clear word when it is not installed."""

from __future__ import annotations

import socket
from importlib import util
from typing import Any

import pytest

from tdsec_gov.checks.pii.check import PersonalData
from tdsec_gov.errors import PolicyInvalid

TEXT = b"n,note\n" + b"".join(
    b"%d,the NHS number of the patient is 943 476 5919 today\n" % n for n in range(30)
)


def test_it_looks_at_free_text_without_a_network(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("presidio_analyzer")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a check went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    given = make.given([make.file("t.csv", TEXT)], {"engine": "presidio", "mode": "block"})
    result = PersonalData().run(given)
    seen = [one for one in result.findings if one.code == "TDS311"]
    assert [one.column for one in seen] == ["note"] and "uk nhs" in seen[0].message.lower().replace("_", " ")
    assert not any(one.severity.value == "deny" for one in seen)
    assert "943 476" not in repr(result)


def test_absent_it_says_what_to_install(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    find = util.find_spec
    monkeypatch.setattr(
        util, "find_spec", lambda name, *more: None if name == "presidio_analyzer" else find(name, *more)
    )
    with pytest.raises(PolicyInvalid, match=r"pip install 'tdsec-gov\[presidio\]'"):
        PersonalData().run(make.given([make.file("t.csv", TEXT)], {"engine": "presidio"}))


def test_a_model_that_is_not_there_is_refused(make: Any) -> None:
    pytest.importorskip("presidio_analyzer")
    settings = {"engine": "presidio", "presidio_model": ["no_such_model_here"]}
    with pytest.raises(PolicyInvalid, match="presidio_model"):
        PersonalData().run(make.given([make.file("t.csv", TEXT)], settings))
