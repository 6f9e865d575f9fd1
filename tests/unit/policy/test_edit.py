"""Lists in YAML, edited as text: what goes in and out, and that everything else stays."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.access_models import AccessFile
from tdsec_gov.policy.edit import Text, edited
from tdsec_gov.policy.load import access_in

LAYOUTS = {
    "flow": "a: 1\nnames: [x, bob, y]  # people\nz: 2\n",
    "flow-first": "names: [bob, y]\n",
    "flow-last": "names: [x, bob]\n",
    "flow-only": "names: [bob]\n",
    "flow-lines": "names: [\n  x,   # one\n  bob, # two\n  y]\n",
    "block": "names:\n  - x\n  - bob   # he\n  # about y\n  - y\nz: 2\n",
    "block-flush": "names:\n- x\n- bob\n- y\nz: 2\n",
    "block-last": "names:\n  - x\n  - bob",
    "block-only": "names:\n  - bob\nz: 2\n",
    "quoted": "names: ['x', \"bob\"]\n",
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_a_name_goes(text: str) -> None:
    left = Text(text).without(("names",), lambda node: node.value == "bob").text
    was, now = yaml.safe_load(text), yaml.safe_load(left)
    assert now == {**was, "names": [one for one in was["names"] if one != "bob"]}
    for comment in ("# people", "# one", "# about y"):
        assert (comment in left) == (comment in text)


@pytest.mark.parametrize("text", [*LAYOUTS.values(), "names: []\n"])
def test_a_name_comes(text: str) -> None:
    was, now = yaml.safe_load(text), yaml.safe_load(Text(text).with_item(("names",), "new").text)
    assert now == {**was, "names": [*was["names"], "new"]}


@pytest.mark.parametrize("text", ["m: {}\n", "m: {a: 1}\n", "m:\n  a: 1\n  b: 2\n", "x: 1\nm:\n    a: 1\n"])
def test_a_key_comes(text: str) -> None:
    was, now = yaml.safe_load(text), yaml.safe_load(Text(text).with_key(("m",), "k: [v]").text)
    assert now == {**was, "m": {"k": ["v"], **was["m"]}}


MEMBER = "name: {0}\n    age: age1{0}\n    signing: ed25519:{1}=\n    roles: [r]"


def members(*names: str) -> str:
    listed = "".join(f"  - {MEMBER.format(one, one[0] + 'A' * 42)}\n" for one in names)
    return f"format: 1\nroles:\n  r: {{}}\nmembers:\n{listed}"


name = st.text(alphabet="abcdefghijk", min_size=1, max_size=6)


@given(st.lists(name, min_size=1, max_size=5, unique_by=lambda one: one[0]), st.data())
def test_any_member_of_any_list(names: list[str], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(names))
    text = members(*names) + "# the end\n"
    left = Text(text).without(("members",), lambda node: node.value[0][1].value == gone)
    found = access_in(left.text.encode()).file
    assert [one.name for one in found.members] == [one for one in names if one != gone]
    assert left.text.endswith("# the end\n")


def test_what_does_not_come_out_as_meant_is_refused() -> None:
    file = access_in(members("ab").encode()).file
    assert edited(Text(members("ab")), file, "here") == members("ab").encode()
    for text in (members("ab", "cd"), "members: [", "", "format: 1\nsurprise: 1\n"):
        with pytest.raises(PolicyInvalid):
            edited(Text(text), file, "here")
    assert isinstance(file, AccessFile)


def test_anchors_and_aliases_are_left_alone() -> None:
    """A list that another one refers to is changed in one place and meant in two: refused, not guessed."""
    text = "vaults:\n  a: {readers: &who [x, bob]}\n  b: {readers: *who}\n"
    left = Text(text).without(("vaults", "a", "readers"), lambda node: node.value == "bob").text
    meant = {"vaults": {"a": {"readers": ["x"]}, "b": {"readers": ["x", "bob"]}}}
    assert yaml.safe_load(left) != meant
