"""Who may read and write which vault, and whose signature on a verdict counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.errors import KeyUnavailable, PolicyInvalid
from tdsec_gov.keys.signing import VerifyKey
from tdsec_gov.policy.models import AccessFile, Member, Signers


@dataclass(frozen=True, slots=True)
class Access:
    """policies/access.yaml with its cross-references checked."""

    file: AccessFile

    @classmethod
    def of(cls, file: AccessFile, where: Path) -> Access:
        """Raises PolicyInvalid listing every undefined or doubled name and unusable key."""
        names = [member.name for member in file.members]
        keys = [member.signing for member in file.members]
        faults = [f"member '{one}' stands twice" for one in sorted({n for n in names if names.count(n) > 1})]
        faults += ["a signing key belongs to two members"] if len(set(keys)) < len(keys) else []
        for member in file.members:
            faults += [f"role '{r}' is not defined" for r in member.roles if r not in file.roles]
            try:
                VerifyKey.parse(member.signing)
            except KeyUnavailable:
                faults.append(f"member '{member.name}': signing key is unusable")
        for vault, grant in file.vaults.items():
            unknown = [one for one in (*grant.readers, *grant.writers) if one not in names]
            faults += [f"vault '{vault}': member '{one}' is not defined" for one in unknown]
        if faults:
            raise PolicyInvalid("; ".join(faults), where=where)
        return cls(file)

    def member(self, keyid: str) -> Member | None:
        """The member who signs with this keyid."""
        return next((m for m in self.file.members if VerifyKey.parse(m.signing).keyid == keyid), None)

    def may_read(self, member: Member, vault: str) -> bool:
        grant = self.file.vaults.get(vault)
        listed = grant is not None and member.name in grant.readers
        return listed or any(self.file.roles[role].read_all for role in member.roles)

    def may_write(self, member: Member, vault: str | None = None) -> bool:
        """Whether the member may write ``vault``, or any vault when None."""
        grants = self.file.vaults if vault is None else {vault: self.file.vaults.get(vault)}
        listed = any(grant is not None and member.name in grant.writers for grant in grants.values())
        return listed or any(self.file.roles[role].write_all for role in member.roles)

    def readers(self, vault: str) -> tuple[Member, ...]:
        return tuple(member for member in self.file.members if self.may_read(member, vault))

    def trusted_keys(self, signers: Signers) -> dict[str, VerifyKey]:
        """Keys whose verdicts count: members in ``signers.roles``, or every writer where none is named."""
        keys = {}
        for member in self.file.members:
            by_role = any(role in signers.roles for role in member.roles)
            if by_role or (not signers.roles and self.may_write(member)):
                key = VerifyKey.parse(member.signing)
                keys[key.keyid] = key
        return keys

    def name_of(self, keyid: str) -> str:
        """The member's name, or the first digits of the keyid for a stranger."""
        member = self.member(keyid)
        return member.name if member else f"key {keyid[:12]}"
