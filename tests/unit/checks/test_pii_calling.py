"""Telephone numbers beside words for calling, and what only looks like personal data."""

from __future__ import annotations

import re

import pytest
from pyarrow import array, compute

from tdsec_gov.checks.pii import calling, patterns
from tdsec_gov.checks.pii.names import named_kinds
from tdsec_gov.checks.pii.spans import find_spans

PHONES = (
    "Please ring me back on 020 7946 0018, I am at my desk",
    "Volejte na \u010d\u00edslo 607 550 116, pros\u00edm.",
    "\u041f\u043e\u0437\u0432\u043e\u043d\u0438\u0442\u0435 \u043d\u0430 495 123 45 67",
    "\u6211\u7684\u7535\u8bdd\u662f01088889999",
    "O meu telem\u00f3vel \u00e9 +351 42 8369 3579.",
    "Dial +421-988-385-6064 and ask",
    "Anna,a@example.org,+17306755865,22.06.2022",
    "the customer left 2399861828 as the number to reach them",
)
NOTHING = (
    "phone model CPM-5396-264 with 803464 mAh",
    "EAN 5014390668271 in stock",
    "account reference DE00347313846022419302 is not valid",
    "TACGACCATCACAAAACGGTTACAGCGG",
    "24.0\t0.00632\t18.0\t2.31\t0\t0.538",
    "978-0077251031",
)


@pytest.mark.parametrize("text", PHONES)
def test_a_number_beside_a_word_for_calling_or_after_a_plus_is_a_phone(text: str) -> None:
    assert [one.kind for one in find_spans(text)] in (
        ["phone number"],
        ["e-mail address", "phone number"],
    )


@pytest.mark.parametrize("text", PHONES)
def test_the_batch_pattern_lets_through_what_the_exact_one_accepts(text: str) -> None:
    found = compute.match_substring_regex(array([text]), patterns.IN_TEXT["phone number"])
    assert found.to_pylist() == [True]


@pytest.mark.parametrize("text", NOTHING)
def test_codes_and_rows_of_numbers_hold_nothing(text: str) -> None:
    assert find_spans(text) == []


def test_a_bare_number_is_not_social_because_one_before_it_was() -> None:
    found = find_spans("SSN 768-03-1134 verified, case 832981574 closed.")
    assert [one.start for one in found] == [4]


def test_the_words_mean_the_same_to_both_engines() -> None:
    for word in ("TELEPHONE", "\u0442\u0435\u043b\u0435\u0444\u043e\u043d", "N\u00daMERO", "\u96fb\u8a71"):
        assert re.search(calling.WORDS, word, re.I)
        assert compute.match_substring_regex(array([word]), f"(?i:{calling.WORDS})").to_pylist() == [True]


def test_a_name_written_last_word_first_is_a_persons() -> None:
    assert named_kinds("name_full") == {"person name"}
