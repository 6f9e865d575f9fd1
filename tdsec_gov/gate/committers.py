"""Who made a change, as git tells it: these may not waive what the gate says about it."""

from __future__ import annotations

import re

from tdsec_gov.errors import ConfigurationError
from tdsec_gov.policy.access import Access
from tdsec_gov.repo.git import Git
from tdsec_gov.repo.pointers import Pointer

_IDENT = re.compile(r"(?P<name>.*?)\s*<(?P<email>[^>]*)>")
_FORMAT = "--format=%an <%ae>%n%cn <%ce>"


def committers(
    git: Git, access: Access, pointer: Pointer, otherwise: frozenset[str] | None = None
) -> frozenset[str]:
    """Keyids of the members who brought the version that ``pointer`` names: author and committer of the
    commit that wrote its oid into the pointer file. While no commit has: ``otherwise``, or whoever git takes
    us for, who is about to commit it."""
    found = ""
    if git.has_commit():
        asked = ("-c", "log.showSignature=false", "log", "-1", "-m", f"-S{pointer.oid}", _FORMAT)
        found = git.ask(*asked, "HEAD", "--", pointer.file).decode(errors="replace")
    if not found.strip():
        if otherwise is not None:
            return otherwise
        found = _ourselves(git)
    return _members(access, found)


def committers_of(git: Git, access: Access, commit: str) -> frozenset[str]:
    """Keyids of the members who are author or committer of ``commit``."""
    shown = git.ask("-c", "log.showSignature=false", "log", "-1", _FORMAT, commit)
    return _members(access, shown.decode(errors="replace"))


def _ourselves(git: Git) -> str:
    try:
        return git.ask("var", "GIT_AUTHOR_IDENT").decode(errors="replace")
    except ConfigurationError:  # nobody has told git who they are: then nobody can commit either
        return ""


def _members(access: Access, text: str) -> frozenset[str]:
    people = (access.by_git_name(found["name"], found["email"]) for found in _IDENT.finditer(text))
    return frozenset(member.keyid for member in people if member is not None)
