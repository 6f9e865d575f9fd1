"""Evidence of a git revision that DVC looks into, judged by what is checked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tdsec_gov.domain.tree import Tree


class UnderPolicies:
    """Evidence of a revision under the policies and keyrings that are checked out: a branch of its own that
    DVC looks into (``dvc push --all-branches``) does not decide who is trusted and who can read."""

    _OURS = ("policies/", ".tdsec/vaults/")

    def __init__(self, revision: Tree, checked_out: Tree) -> None:
        self._revision = revision
        self._checked_out = checked_out

    def read(self, name: str) -> bytes | None:
        tree = self._checked_out if name.startswith(self._OURS) else self._revision
        return tree.read(name)

    def names(self, folder: str) -> Iterator[str]:
        if f"{folder}/".startswith(self._OURS):
            yield from self._checked_out.names(folder)
            return
        yield from (name for name in self._revision.names(folder) if not name.startswith(self._OURS))


def refusing_unknown(revision: Any, cls: Any, conf: Any, path: str) -> Any:
    """``cls``, or a subclass that refuses to write where the settings that are checked out have a vault and
    ``path`` is no remote of theirs. ``revision``: DVC's settings of a git revision.

    A branch of its own brings its own settings: ``dvc push --all-branches`` would carry what its pointers
    name to wherever they say.
    """
    from dvc.config import Config

    from tdsec_gov.vault.plugin.constants import is_vault
    from tdsec_gov.vault.plugin.dvcfs import unguarded_cloud_fs
    from tdsec_gov.vault.plugin.keepoff import refusing
    from tdsec_gov.vault.plugin.place import Place

    checked_out = Config(dvc_dir=revision.local_dvc_dir)
    remotes = checked_out.get("remote", {})
    if not any(is_vault(remote.get("url", "")) for remote in remotes.values()):
        return cls
    place = Place.of(cls.protocol, conf, path)
    for name, remote in remotes.items():
        if is_vault(remote.get("url", "")):
            continue
        known, settings, where = unguarded_cloud_fs(checked_out, name=name)
        if Place.of(known.protocol, settings, where) == place:
            return cls
    return refusing(
        cls,
        "a remote that only another branch knows, beside the vault of this one",
        "to push there, check that branch out",
    )
