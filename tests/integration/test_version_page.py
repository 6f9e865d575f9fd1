"""``tdsec check --html``: the page of a dataset version. Loads nothing, runs nothing, shows no value."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from workshops import Workshop

RULE = (
    "format: 1\ndatasets:\n  - match: '**'\n    source: my-source\n"
    "    checks: {source: {}, files: {}, pii: {mode: warn}, poisoning: {label: kind}}\n"
)


class _Loads(HTMLParser):
    """Everything in a page that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object", "embed"):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name in ("src", "href") or name.startswith("on")]


def rows(count: int, share: float = 0.25) -> bytes:
    lines = ["n,kind,note"]
    for at in range(count):
        kind = "zebra-kind" if at < count * share else "horse-kind"
        lines.append(f"{at},{kind},{'' if at % 5 else f'person{at}@example.com'}")
    return "\n".join(lines).encode() + b"\n"


def loads(text: str) -> list[str]:
    parser = _Loads()
    parser.feed(text)
    return parser.found


def written(shop: Workshop, *options: str) -> str:
    done = shop.tdsec("check", "data/rows.csv", "--html", str(shop.base / "page.html"), *options)
    assert (shop.base / "page.html").is_file(), done.err
    return (shop.base / "page.html").read_text("utf-8")


@pytest.fixture
def shop(workshop: Workshop) -> Workshop:
    """A policy that names a label column."""
    workshop.write("policies/policy.yaml", RULE.encode())
    return workshop


def test_a_first_version(shop: Workshop) -> None:
    shop.track("data/rows.csv", rows(200))
    text = written(shop)
    assert loads(text) == [] and "default-src 'none'" in text
    assert "example.com" not in text and "zebra" not in text and "class 1" in text
    assert "TDS30" in text and "data/rows.csv" in text
    assert re.search(r"<dt>rows</dt><dd[^>]*>200</dd>", text), "the profile read the table"
    assert "this is the first" in text


def test_beside_the_last_accepted_version(shop: Workshop) -> None:
    shop.track("data/rows.csv", rows(200))
    assert shop.tdsec("check", "--all").code == 0
    shop.track("data/rows.csv", rows(300, 0.5))
    text = written(shop)
    assert "300 (+100, +50.0% against the last accepted version)" in text
    assert "last accepted" in text and 'class="f"' in text, "the older version's bars"
    assert "zebra-kind" not in text


def test_class_names_only_on_request(shop: Workshop) -> None:
    shop.track("data/rows.csv", rows(200))
    assert "zebra-kind" not in written(shop)
    assert "zebra-kind" in written(shop, "--reveal")


def test_refused_files_are_not_opened_for_the_page(shop: Workshop) -> None:
    shop.track("data/rows.csv", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x05hello\x94.")
    text = written(shop)
    assert "Not read: the files were refused." in text


def test_one_dataset_a_page(shop: Workshop) -> None:
    shop.track("data/a.csv", rows(10))
    shop.track("data/b.csv", rows(20))
    refused = shop.tdsec("check", "--all", "--html", "page.html")
    assert refused.code == 2 and "one dataset" in refused.err
    assert not (shop.root / "page.html").exists()


def test_a_first_row_taken_for_a_header_is_not_shown(shop: Workshop) -> None:
    """A table without a header: its column names are values."""
    shop.write("policies/policy.yaml", RULE.replace(", poisoning: {label: kind}", "").encode())
    body = b"".join(b"a%d,,x\n" % at for at in range(20))
    shop.track("data/rows.csv", b"zorro.secret@mail-example.com,4111111111111111,x\n" + body)
    first = written(shop)
    shop.track("data/rows.csv", b"other.person@mail-example.com,5500005555555559,x\n" + body)
    both = first + written(shop)
    assert "column #" in both
    for value in ("zorro", "other.person", "4111111111111111", "5500005555555559"):
        assert value not in both
