"""Add a member to policies/access.yaml, keeping the comments that are there."""

from __future__ import annotations

from pathlib import Path

from tdsec_gov.errors import PolicyInvalid, UsageError
from tdsec_gov.files import WorkTree, write_atomic
from tdsec_gov.policy.load import policies_from
from tdsec_gov.setup.templates import MEMBER

ACCESS = "policies/access.yaml"


def add_member(
    root: Path, name: str, age: str, signing: str, role: str, *, age_pq: str = "", signing_pq: str = ""
) -> None:
    """Append the member, with post-quantum keys where given.

    The old file stays where the new one would not be accepted.

    Raises:
        UsageError: there is a member of that name. PolicyInvalid: a key or the role is refused.
    """
    tree = WorkTree(root)
    if any(one.name == name for one in policies_from(tree).access.file.members):
        raise UsageError(f"'{name}' is a member already", where=ACCESS)
    old = tree.read(ACCESS) or b""
    entry = MEMBER.format(name=name, age=age, signing=signing, role=role)
    second = {"age_pq": age_pq, "signing_pq": signing_pq}
    entry += "".join(f"    {field}: {key}\n" for field, key in second.items() if key)
    write_atomic(root / ACCESS, old.rstrip(b"\n") + b"\n" + entry.encode())
    try:
        policies_from(tree)
    except PolicyInvalid:
        write_atomic(root / ACCESS, old)
        raise
