"""``tdsec doctor`` looks at what the checks stand on before anybody waits for a verdict."""

from __future__ import annotations

import socket

from servers.clamd import Scripted, scripted, take
from workshops import Workshop

RULE = """\
format: 1
datasets:
  - match: "**"
    source: my-source
    checks:
"""


def told(workshop: Workshop, checks: str) -> str:
    workshop.write("policies/policy.yaml", (RULE + checks).encode())
    return workshop.tdsec("doctor").out


def test_settings_that_a_check_refuses(workshop: Workshop) -> None:
    text = told(workshop, "      pii: {mode: warm}\n      source: {}\n")
    assert "BAD  check pii" in text and "mode" in text and "settings of 1 checks can be read" in text


def test_a_scanner_that_is_not_there_and_one_that_is(workshop: Workshop) -> None:
    away = told(workshop, '      malware: {clamd: ["unix:/no/such/socket"]}\n')
    assert "BAD  malware scanner" in away
    with scripted(Scripted()) as address:
        there = told(workshop, f'      malware: {{clamd: ["{address}"], max_database_age_days: 3650}}\n')
        old = told(workshop, f'      malware: {{clamd: ["{address}"], max_database_age_days: 1}}\n')
    assert "BAD  malware scanner" in old and "days old" in old
    assert "ok   malware scanner" in there and "ClamAV" in there


def test_a_scanner_that_finds_nothing(workshop: Workshop) -> None:
    def nothing(link: socket.socket, sent: bytes) -> None:
        take(link)  # an answer before the end of the stream could reach the client as a broken pipe
        link.sendall(b"stream: OK\0")

    with scripted(Scripted(answer=nothing)) as address:
        blind = told(workshop, f'      malware: {{clamd: ["{address}"]}}\n')
    assert "BAD  malware scanner" in blind and "EICAR" in blind


def test_what_a_dead_collection_left(workshop: Workshop) -> None:
    assert "quarantine" not in workshop.tdsec("doctor").out
    (workshop.root / ".git" / "tdsec-quarantine" / "c-gone").mkdir(parents=True)
    assert "BAD  quarantine" in workshop.tdsec("doctor").out
