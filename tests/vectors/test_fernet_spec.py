"""The published vectors of github.com/fernet/spec, as ``cryptography-vectors`` ships them."""

from __future__ import annotations

import datetime as dt
import io
import json
from importlib import resources
from typing import Any

import pytest

from tdsec_gov.errors import IntegrityError, SignatureInvalid
from tdsec_gov.vault.importing.fernet import Token
from tdsec_gov.vault.importing.fernet_key import FernetKey

pytest.importorskip("cryptography_vectors", reason="pip install cryptography-vectors")
SKEW = 60
LATE_OR_EARLY = {"far-future TS (unacceptable clock skew)", "expired TTL"}


def vectors(name: str) -> list[dict[str, Any]]:
    text = resources.files("cryptography_vectors").joinpath("fernet", name).read_text()
    found: list[dict[str, Any]] = json.loads(text)
    assert found
    return found


def opened(vector: dict[str, Any]) -> tuple[Token, bytes]:
    token = Token(io.BytesIO(vector["token"].encode()), "vector")
    key = token.authenticate([FernetKey.parse(vector["secret"].encode(), "vector")])
    out: list[bytes] = []
    token.decrypt(key, out.append)
    return token, b"".join(out)


@pytest.mark.parametrize("name", ["generate.json", "verify.json"])
def test_good_tokens(name: str) -> None:
    for vector in vectors(name):
        token, plain = opened(vector)
        assert plain == vector["src"].encode()
        now = dt.datetime.fromisoformat(vector["now"]).timestamp()
        assert abs(token.created - now) <= vector.get("ttl_sec", 0)


@pytest.mark.parametrize("vector", vectors("invalid.json"), ids=lambda vector: vector["desc"])
def test_invalid_tokens(vector: dict[str, Any]) -> None:
    """All are refused but those that are only late or early: an import looks at no time, and says which."""
    if vector["desc"] in LATE_OR_EARLY:
        token, _ = opened(vector)
        now = dt.datetime.fromisoformat(vector["now"]).timestamp()
        assert token.created > now + SKEW or token.created + vector["ttl_sec"] < now
        return
    with pytest.raises(IntegrityError) as refusal:
        opened(vector)
    # by the specification's own names; the class tells a wrong key from what cannot be a token at all
    assert isinstance(refusal.value, SignatureInvalid) == (vector["desc"] == "incorrect mac")
