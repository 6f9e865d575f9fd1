"""A record is added to sources.yaml as text: comments and order stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.compliance.sources import SOURCES, with_source
from tdsec_gov.errors import PolicyInvalid, TdsecError, UsageError
from tdsec_gov.policy.source_models import Source

NEW = Source.model_validate(
    {
        "id": "web",
        "name": "yes: no # not a comment",
        "trust": "raw",
        "retention": {"until": dt.date(2030, 1, 1), "basis": "law"},
        "review": {"by": "dana", "on": dt.date(2026, 1, 1)},
        "allowed_locations": ("https://example.org/*",),
    }
)


class Memory:
    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, name: str) -> bytes | None:
        return self.text.encode() if name == SOURCES and self.text else None

    def names(self, folder: str) -> Iterator[str]:
        return iter(())


OLD = "- {id: old, name: o, trust: raw}"


@pytest.mark.parametrize(
    "text",
    [
        "format: 1\nsources: []\n",
        "format: 1\nsources: []  # none yet\n# the end\n",
        "sources: []\nformat: 1\n",
        "format: 1\n",
        "format: 1",
        f"format: 1\nsources:\n{OLD}\n",
        f"format: 1\nsources:\n{OLD}",
        f"format: 1\nsources:\n  # first\n  {OLD}  # old\n\n  # last words\n",
        f"# head\nsources:\n    {OLD}\n# between\nformat: 1\n",
        f"sources:\n{OLD}\nformat: 1 # end\n",
        "format: 1\nsources:\n  - id: old\n    name: o\n    trust: raw\n    license: |\n      a\n      b\n",
    ],
)
def test_records_and_comments_stay(text: str) -> None:
    after = with_source(Memory(text), NEW).decode()
    records = yaml.safe_load(after)["sources"]
    before = yaml.safe_load(text).get("sources") or []
    assert records[:-1] == before
    assert records[-1]["id"] == "web" and records[-1]["name"] == NEW.name
    assert records[-1]["retention"] == {"until": dt.date(2030, 1, 1), "basis": "law"}
    comments = [line.strip() for line in text.split("\n") if line.strip().startswith("#")]
    assert all(one in after for one in comments)
    assert after.count("#") == text.count("#") + NEW.name.count("#")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", PolicyInvalid),
        ("format: 2\nsources: []\n", PolicyInvalid),
        ("format: 1\nsources: [{id: old, name: o, trust: raw}]\n", PolicyInvalid),
        ("format: 1\nsources: [\n", PolicyInvalid),
        ("format: 1\nsources:\n- {id: web, name: o, trust: raw}\n", UsageError),
    ],
)
def test_what_cannot_be_added_to_is_refused(text: str, error: type[TdsecError]) -> None:
    with pytest.raises(error):
        with_source(Memory(text), NEW)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_words_survive(name: str, purpose: str) -> None:
    source = Source(id="x", name=name, trust="raw", purpose=purpose)
    try:
        after = with_source(Memory(f"format: 1\nsources:\n{OLD}\n"), source)
    except TdsecError:
        return
    assert yaml.safe_load(after)["sources"][1]["name"] == name
