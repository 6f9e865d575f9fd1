"""Members of policies/access.yaml, added and taken out as text, keeping the comments that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import KeyUnavailable, PolicyInvalid, UsageError
from tdsec_gov.keys.recipients import parse_recipient
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import AccessFile, Member, Role
from tdsec_gov.policy.edit import Text, edited
from tdsec_gov.policy.load import policies_from
from tdsec_gov.setup.templates import MEMBER

ACCESS = "policies/access.yaml"
WRITER = "writer"
"""The role that somebody keeps who signs and pushes and no longer reads."""


@dataclass(frozen=True, slots=True)
class NewMember:
    """Whom ``tdsec vault add-reader`` adds. ``role`` may be empty: then ``compartment`` names what they
    read (``vault`` or ``vault/compartment``)."""

    name: str
    age: str
    signing: str
    role: str = ""
    label: str = ""
    age_pq: str = ""
    signing_pq: str = ""


def with_member(tree: Tree, new: NewMember) -> bytes:
    """policies/access.yaml with the member.

    Raises:
        UsageError: there is a member of that name, or no such vault or compartment.
        PolicyInvalid: a key or the role is refused.
    """
    access = policies_from(tree).access
    if any(one.name == new.name for one in access.file.members):
        raise UsageError(f"'{new.name}' is a member already", where=ACCESS)
    text = (tree.read(ACCESS) or b"").decode().rstrip("\n") + "\n"
    entry = MEMBER.format(name=new.name, age=new.age, signing=new.signing, role=new.role)
    second = {"age_pq": new.age_pq, "signing_pq": new.signing_pq}
    entry += "".join(f"    {field}: {key}\n" for field, key in second.items() if key)
    if not access.file.members:
        raise PolicyInvalid("there is no member yet", where=ACCESS, hint="run: tdsec init")
    changed = _appended(Text(text), entry)
    if new.label:
        changed = _granted(changed, access, new.label, new.name)
    return _checked(changed, tree)


def require_recipient(key: str) -> None:
    """Raises UsageError unless ``key`` is a recipient that a keyring can be sealed to."""
    try:
        parse_recipient(key)
    except KeyUnavailable as exc:
        raise UsageError("the recovery key is not a recipient", expected=exc.expected) from None


def with_recovery(tree: Tree, vault: str, recovery: str) -> bytes | None:
    """policies/access.yaml with the vault's recovery recipient; None where it says so already.

    Raises:
        UsageError: there is another one; changing it is a matter for a review, not for a command.
        PolicyInvalid: the vault does not stand in the file.
    """
    access = policies_from(tree).access
    now = access.settings(vault).recovery
    if now == recovery:
        return None
    if now is not None:
        raise UsageError(
            "the vault has another recovery key",
            where=ACCESS,
            hint="change it there by hand, then run: tdsec vault rotate",
        )
    return _checked(_text(tree).with_key(("vaults", vault), f"recovery: {recovery}"), tree)


def _appended(text: Text, entry: str) -> Text:
    """``entry`` as the last member: at the end of the file where the list stands there."""
    node = text.at(("members",))
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        raise PolicyInvalid("'members' is not a list with one member a line", where=ACCESS)
    column = node.start_mark.column
    lines = [line[2:] for line in entry.rstrip("\n").split("\n")]
    item = f"\n{' ' * column}".join([lines[0].removeprefix("- "), *lines[1:]])
    return text.with_item(("members",), item)


def _granted(text: Text, access: Access, label: str, name: str) -> Text:
    vault, _, room = label.partition("/")
    if label not in access.labels(vault) or vault not in access.file.vaults:
        raise UsageError("no such vault or compartment", where=ACCESS, found=label)
    path: tuple[str | int, ...] = ("vaults", vault)
    if room:
        rooms = [one.name for one in access.file.vaults[vault].compartments]
        path = (*path, "compartments", rooms.index(room))
    if text.at((*path, "readers")) is None:
        return text.with_key(path, f"readers: [{name}]")
    return text.with_item((*path, "readers"), name)


def without_member(tree: Tree, name: str) -> bytes:
    """policies/access.yaml without the member: the entry, and every list that names them.

    Raises:
        UsageError: there is no such member. PolicyInvalid: the file has a layout we cannot edit.
    """
    file = _file(tree, name)
    members = [one for one in file.members if one.name != name]
    meant = _without_grants(file.model_copy(update={"members": tuple(members)}), name, ("readers", "writers"))
    text = _text(tree).without(("members",), lambda node: _name_of(node) == name)
    return edited(_ungranted(text, file, name, ("readers", "writers")), meant, ACCESS)


def without_reading(tree: Tree, name: str) -> bytes:
    """policies/access.yaml in which the member reads nothing any more, and signs and writes as before.

    Roles that read all are taken away; where one of them wrote all as well, the role ``writer`` stays.

    Raises:
        UsageError: there is no such member. PolicyInvalid: the file has a layout we cannot edit.
    """
    file = _file(tree, name)
    place = next(number for number, one in enumerate(file.members) if one.name == name)
    member = file.members[place]
    reading = [role for role in member.roles if file.roles[role].read_all]
    writes = any(file.roles[role].write_all for role in reading)
    kept = tuple(role for role in member.roles if role not in reading)
    roles = dict(file.roles)
    text = _text(tree)
    if writes and WRITER not in kept:
        if roles.get(WRITER, Role(write_all=True)) != Role(write_all=True):
            raise PolicyInvalid(f"role '{WRITER}' means something else here", where=ACCESS)
        kept = (*kept, WRITER)
        if WRITER not in roles:
            text = text.with_key(("roles",), f"{WRITER}: {{write_all: true}}")
            roles[WRITER] = Role(write_all=True)
    path = ("members", place, "roles")
    text = text.without(path, lambda node: node.value in reading)
    for role in kept:
        if role not in member.roles:
            text = text.with_item(path, role)
    members = [*file.members]
    members[place] = Member.model_validate({**member.model_dump(), "roles": kept})
    meant = file.model_copy(update={"members": tuple(members), "roles": roles})
    meant = _without_grants(meant, name, ("readers",))
    return edited(_ungranted(text, file, name, ("readers",)), meant, ACCESS)


def _checked(text: Text, tree: Tree) -> bytes:
    """The bytes, if the loader of policies takes them."""
    data = text.text.encode()
    policies_from(_Overlaid(tree, data))
    return data


@dataclass(frozen=True, slots=True)
class _Overlaid:
    """A tree in which access.yaml has other bytes."""

    tree: Tree
    access: bytes

    def read(self, name: str) -> bytes | None:
        return self.access if name == ACCESS else self.tree.read(name)

    def names(self, folder: str) -> Iterator[str]:
        return self.tree.names(folder)


def overlaid(tree: Tree, access: bytes) -> Tree:
    """``tree``, with other bytes for policies/access.yaml."""
    return _Overlaid(tree, access)


def _text(tree: Tree) -> Text:
    return Text((tree.read(ACCESS) or b"").decode())


def _file(tree: Tree, name: str) -> AccessFile:
    file = policies_from(tree).access.file
    if all(one.name != name for one in file.members):
        known = ", ".join(one.name for one in file.members)
        raise UsageError(f"'{name}' is not a member", where=ACCESS, expected=f"one of {known}")
    return file


def _name_of(node: yaml.Node) -> str | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value.value for key, value in pairs if key.value == "name"), None)


def _lists(file: AccessFile) -> list[tuple[str | int, ...]]:
    """Where lists of names stand: each vault and each of its compartments."""
    found: list[tuple[str | int, ...]] = []
    for vault, grant in file.vaults.items():
        found.append(("vaults", vault))
        found += [("vaults", vault, "compartments", number) for number in range(len(grant.compartments))]
    return found


def _ungranted(text: Text, file: AccessFile, name: str, lists: tuple[str, ...]) -> Text:
    for path in _lists(file):
        for one in lists:
            text = text.without((*path, one), lambda node: node.value == name)
    return text


def _without_grants(file: AccessFile, name: str, lists: tuple[str, ...]) -> AccessFile:
    vaults = {}
    for vault, grant in file.vaults.items():
        rooms = tuple(
            room.model_copy(update={one: _less(getattr(room, one), name) for one in lists})
            for room in grant.compartments
        )
        less = {one: _less(getattr(grant, one), name) for one in lists}
        vaults[vault] = grant.model_copy(update={**less, "compartments": rooms})
    return file.model_copy(update={"vaults": vaults})


def _less(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one for one in names if one != name)
