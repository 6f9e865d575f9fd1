"""The circle of a label: whom policies/access.yaml lets open its keyrings, and with which keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tdsec_gov.errors import AccessDenied, KeyUnavailable, PolicyInvalid
from tdsec_gov.keys.recipients import Recipient, parse_recipient
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import Member
from tdsec_gov.vault.keyrings.keyring import keyring_name
from tdsec_gov.vault.keyrings.statement import ALGORITHMS, KeyringStatement

ACCESS = "policies/access.yaml"


@dataclass(frozen=True, slots=True)
class Circle:
    """Recipients by name: ``readers`` get the keyring, ``writers`` (who may not read) the name key."""

    readers: Mapping[str, str]
    writers: Mapping[str, str]
    recovery: str | None = None

    @classmethod
    def of(cls, access: Access, label: str) -> Circle:
        """What the policy says about ``label``.

        Raises:
            PolicyInvalid: nobody may read it; or it is post-quantum and somebody has no such key.
        """
        settings = access.settings(label)
        readers, writers = access.readers(label), access.writers(label)
        only = [one for one in writers if one not in readers]
        if not readers:
            raise PolicyInvalid(f"vault '{label}' has no reader, so nobody could ever open it", where=ACCESS)
        if settings.post_quantum:
            _require_post_quantum(label, [*readers, *only], settings.recovery)
        return cls(
            {one.name: _key(one, settings.post_quantum) for one in readers},
            {one.name: _key(one, settings.post_quantum) for one in only},
            settings.recovery,
        )

    def keyring_recipients(self) -> list[Recipient]:
        """Raises PolicyInvalid: a key is malformed."""
        recovery = {"recovery": self.recovery} if self.recovery else {}
        return [_parsed(who, key) for who, key in [*self.readers.items(), *recovery.items()]]

    def names_recipients(self) -> list[Recipient]:
        """Raises PolicyInvalid: a key is malformed."""
        return [_parsed(who, key) for who, key in self.writers.items()]


def require_circle(access: Access, said: KeyringStatement) -> None:
    """Raises AccessDenied when ``said`` is sealed to a key that the policy does not name, or not to its
    recovery key. Readers whom the keyring does not know yet are no danger, so they are no fault here."""
    wanted = Circle.of(access, said.vault)
    strangers = [who for who, key in said.readers.items() if key not in wanted.readers.values()]
    known = {*wanted.readers.values(), *wanted.writers.values()}
    strangers += [who for who, key in said.writers.items() if key not in known]
    if said.recovery not in (None, wanted.recovery):
        strangers.append("another recovery key")
    if strangers:
        raise AccessDenied(
            f"vault '{said.vault}' is open to keys that are no reader's",
            where=keyring_name(said.vault, said.epoch),
            expected="the readers in policies/access.yaml",
            found=", ".join(sorted(strangers)),
            hint="run: tdsec vault rewrap (or restore .tdsec/vaults from git)",
        )
    if wanted.recovery is not None and said.recovery is None:
        raise AccessDenied(
            f"the keyring of vault '{said.vault}' is not sealed to the recovery key",
            where=keyring_name(said.vault, said.epoch),
            expected="the recovery recipient in policies/access.yaml",
            hint="run: tdsec vault rewrap (or restore .tdsec/vaults from git)",
        )
    if access.settings(said.vault).post_quantum and said.algorithm != ALGORITHMS[1]:
        raise AccessDenied(
            f"vault '{said.vault}' is to be post-quantum, and its newest epoch is not",
            where=keyring_name(said.vault, said.epoch),
            expected=ALGORITHMS[1],
            found=said.algorithm,
            hint="run: tdsec vault rotate",
        )


def _require_post_quantum(label: str, members: list[Member], recovery: str | None) -> None:
    lacking = [one.name for one in members if one.age_pq is None]
    if recovery is not None and not recovery.startswith("age1pq1"):
        lacking.append("the recovery key")
    if lacking:
        raise PolicyInvalid(
            f"vault '{label}' is post-quantum, and a file sealed to a classic key as well would not be",
            where=ACCESS,
            expected="an age1pq1… key for everybody (age_pq)",
            found=f"none for {', '.join(lacking)}",
            hint="they run tdsec key show, and you write what it prints",
        )


def _key(member: Member, post_quantum: bool) -> str:
    return member.age_pq if post_quantum and member.age_pq else member.age


def _parsed(who: str, text: str) -> Recipient:
    try:
        return parse_recipient(text)
    except KeyUnavailable as exc:
        raise PolicyInvalid("not a usable recipient", where=ACCESS, found=f"the key of '{who}'") from exc
