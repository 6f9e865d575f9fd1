"""Plain http: only from this machine, or for bytes whose digest is known before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdsec_gov.collect.location import location
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.collect.run import _require_known_if_plain


@pytest.mark.parametrize(
    "text", ["http://example.org/a", "http://127.0.0.1.example.org/a", "http://10.0.0.1/a"]
)
def test_plain_http_needs_a_digest(text: str) -> None:
    place = location(text, Path("/"))
    _require_known_if_plain(place, known=True)
    with pytest.raises(Rejected, match="whose bytes"):
        _require_known_if_plain(place, known=False)


@pytest.mark.parametrize(
    "text", ["https://example.org/a", "http://127.0.0.1:8000/a", "http://[::1]/a", "/a", "s3://b/a"]
)
def test_others_do_not(text: str) -> None:
    _require_known_if_plain(location(text, Path("/")), known=False)
