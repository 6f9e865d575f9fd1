"""policies/*.yaml under any bytes: a frozen value, or a PolicyInvalid that names the file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from workshops import POLICY, SOURCES

from tdsec_gov.errors import PolicyInvalid, TdsecError
from tdsec_gov.policy.globs import matches, specificity
from tdsec_gov.policy.load import Policies, policies_from, schema_name
from tdsec_gov.policy.models import PolicyFile
from tdsec_gov.policy.yamlfile import parse_yaml

ACCESS = "format: 1\n"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


class Memory:
    """A tree of evidence in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def names(self, folder: str) -> Iterator[str]:
        return iter(sorted(name for name in self.files if name.startswith(f"{folder}/")))


def load(**texts: bytes) -> Policies:
    whole = {"policy": POLICY.encode(), "sources": SOURCES.encode(), "access": ACCESS.encode(), **texts}
    return policies_from(Memory({f"policies/{name}.yaml": text for name, text in whole.items()}))


@given(st.binary(max_size=200), st.sampled_from(["policy", "sources", "access"]))
@example(b"a: &a [*a]", "policy")
@example(b"[" * 5000, "policy")
@example(b"!!python/object/apply:os.system [id]", "policy")
@example(b"? {a: b}\n: c", "policy")
@example(b"format: 1\nformat: 1", "policy")
@example(b"---\n---\n", "policy")
@example(b"a: 2020-99-99", "policy")
@example(b"<<: 1", "policy")
@example(b"<<: {format: 1}", "policy")
def test_arbitrary_bytes(text: bytes, name: str) -> None:
    try:
        load(**{name: text})
    except PolicyInvalid as exc:
        assert f"policies/{name}.yaml" in exc.line()


@settings(max_examples=200)
@given(st.data())
def test_one_strange_value_in_a_good_file(data: st.DataObject) -> None:
    """Whatever loads can be asked and digested; whatever does not is a PolicyInvalid."""
    body = yaml.safe_load(POLICY)
    spot = body
    while True:
        key = data.draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))
        if isinstance(spot[key], dict | list) and spot[key] and data.draw(st.booleans()):
            spot = spot[key]
            continue
        break
    spot[key] = data.draw(VALUES)
    try:
        loaded = load(policy=yaml.safe_dump(body, allow_unicode=True).encode("utf-8", "replace"))
        digest = loaded.for_dataset("data/x.csv").digest({})
    except PolicyInvalid:
        return
    assert len(digest) == 64


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=3))
def test_unknown_keys_are_refused(more: dict[str, object]) -> None:
    known = set(PolicyFile.model_fields)
    text = yaml.safe_dump({"format": 1, **more}).encode("utf-8", "replace")
    if set(more) - known:
        with pytest.raises(PolicyInvalid):
            load(policy=text)


def test_all_faults_at_once() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load(policy=b"format: 2\nsurprise: 1\ndatasets: [{match: ''}]\n")
    assert "3 faults" in caught.value.line()


def test_the_digest_follows_everything_that_decides() -> None:
    base = load().for_dataset("data/x.csv").digest({"source": "1"})
    others = [
        load(policy=POLICY.replace("{source: {}}", "{source: {min_trust: raw}}").encode()),
        load(policy=("legal_basis_required: false\n" + POLICY).encode()),
        load(sources=SOURCES.replace("trust: curated", "trust: raw").encode()),
        load(policy=POLICY.replace('"**"', '"data/**"').encode()),
    ]
    digests = {one.for_dataset("data/x.csv").digest({"source": "1"}) for one in others}
    assert len(digests | {base}) == 5
    assert load().for_dataset("data/x.csv").digest({"source": "2"}) != base
    assert (
        load(policy=("# a remark\n" + POLICY).encode()).for_dataset("data/x.csv").digest({"source": "1"})
        == base
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("no", "no"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("1e-5", 1e-5),
        ("1.5e3", 1500.0),
        ("12", 12),
        ("-3.5", -3.5),
        ("1e", "1e"),
        ("true\n", True),
    ],
)
def test_words_and_numbers_are_what_they_look_like(text: str, value: object) -> None:
    assert parse_yaml(f"key: {text}".encode(), "x") == {"key": value}
    assert parse_yaml(f"{text.strip()}: 1".encode(), "x") == {value: 1}


SEGMENT = st.text("ab.-[](){}+$^|é ", min_size=1, max_size=4)
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)


@given(PATHS)
def test_a_path_matches_itself_and_the_wide_globs(path: str) -> None:
    assert matches(path, path) and matches("**", path) and matches("**/*", path)
    assert matches("*", path) == ("/" not in path)
    assert not matches(path, path + "x") and not matches(path, "x/" + path)


@given(PATHS, PATHS)
def test_a_literal_is_more_specific_than_a_wildcard(one: str, other: str) -> None:
    assert specificity(one + "/" + other) > specificity(one + "/*") > specificity("**")
    assert matches(one + "/**", one + "/" + other)


@given(st.text(max_size=30))
def test_a_schema_never_leaves_its_folder(name: str) -> None:
    try:
        path = schema_name(name)
    except TdsecError:
        return
    assert path.startswith("policies/schemas/") and "/../" not in f"{path}/"
