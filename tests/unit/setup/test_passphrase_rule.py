"""Which passphrases may seal a file that lies in git."""

from __future__ import annotations

import pytest

from tdsec_gov.errors import UsageError
from tdsec_gov.setup.passphrase import UNFORESEEN, require_strong, unforeseen


@pytest.mark.parametrize(
    "weak",
    [
        "",
        "short",
        "elevenchars",
        "            ",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabcabc",
        "Tr0ub4Tr0ub4Tr0ub4",
        "123456789012345678",
        "qwertyuiopasdfghjkl",
        "password1234",
        "Password2024!",
        "PASSWORDpassword123",
        "my-secret-admin",
        "alice-alice-2024",
        "credit-scoring-1",
    ],
)
def test_weak_ones_are_refused_without_being_quoted(weak: str) -> None:
    with pytest.raises(UsageError, match="guess at offline") as refusal:
        require_strong(weak, "alice", "credit-scoring")
    line = refusal.value.line()
    assert "\n" not in line
    assert not weak.strip() or weak not in line


@pytest.mark.parametrize(
    "strong",
    [
        "corner violin maple orbit",
        "the cat sat mat",
        "correct horse battery staple",
        "k7#Vx!2mQz9w",
        "Größe Übung Äpfel Öl",
        "山川草木 風林火山 一期一会",
    ],
)
def test_strong_ones_are_taken(strong: str) -> None:
    require_strong(strong, "alice", "repo")


def test_what_is_foreseen_counts_once() -> None:
    assert unforeseen("") == 0
    assert unforeseen("a" * 50) == 1
    assert unforeseen("abcdefgh") == 1
    assert unforeseen("password") == unforeseen("PassWord") == 1
    assert unforeseen("x9fk" * 9) == unforeseen("x9fk") == 4
    assert unforeseen("aliceandbob", "Alice") < unforeseen("aliceandbob")
    assert unforeseen("corner violin maple") >= UNFORESEEN
