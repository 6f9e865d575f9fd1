"""What DVC must be told so that ``tdsec://`` works: its registry, its config schema, two functions.

DVC has no plugin API for remotes (facts: treeverse/dvc#9711, PR #10994). Each function here is run by
:mod:`tdsec_gov.vault.plugin.boot` right after the module that it changes was imported, and at most once.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from typing import Any


def after_dvc_objects_fs(module: Any) -> None:
    """``dvc_objects.fs``: one more scheme."""
    module.known_implementations["tdsec"] = {
        "class": "tdsec_gov.vault.plugin.filesystem.VaultFileSystem",
        "err": "tdsec is supported, but requires 'tdsec-gov' to be installed",
    }


def after_config_schema(module: Any) -> None:
    """``dvc.config_schema``: the settings that a ``tdsec://`` remote may have."""
    from tdsec_gov.vault.plugin.constants import CONTEXT

    module.REMOTE_SCHEMAS["tdsec"] = {**module.REMOTE_COMMON, CONTEXT: object}
    module.SCHEMA["remote"] = {str: module.ByUrl(module.REMOTE_SCHEMAS)}


def after_dvc_fs(module: Any) -> None:
    """``dvc.fs``: hand the repository's settings to a vault, and keep others off its inner remote."""
    from tdsec_gov.vault.plugin.constants import CONTEXT, SCHEME, is_vault
    from tdsec_gov.vault.plugin.dvcfs import remember

    resolve, cloud_fs = module._resolve_remote_refs, module.get_cloud_fs
    remember(cloud_fs)

    def _resolve_remote_refs(config: Any, remote_conf: Any) -> Any:
        resolved = resolve(config, remote_conf)
        url = str(resolved.get("url", ""))
        if is_vault(url):
            return {CONTEXT: config, **resolved, "url": SCHEME + url[len(SCHEME) :]}
        return resolved

    def get_cloud_fs(repo_config: Any, **kwargs: Any) -> Any:
        cls, conf, path = cloud_fs(repo_config, **kwargs)
        if cls.protocol == "tdsec":
            return cls, conf, path
        if _of_revision(repo_config) and kwargs.get("name"):
            from tdsec_gov.vault.plugin.revision import refusing_unknown

            cls = refusing_unknown(repo_config, cls, conf, path)
        if not _has_vault(repo_config):
            return cls, conf, path
        from tdsec_gov.vault.plugin.keepoff import guarded

        return guarded(repo_config, cls, conf, path), conf, path

    module._resolve_remote_refs = _resolve_remote_refs
    module.get_cloud_fs = get_cloud_fs


def _has_vault(repo_config: Any) -> bool:
    from tdsec_gov.vault.plugin.constants import is_vault

    remotes = dict(repo_config or {}).get("remote", {})
    return any(is_vault(conf.get("url", "")) for conf in remotes.values())


def _of_revision(repo_config: Any) -> bool:
    """Whether these settings are those of a git revision, next to a work tree that has settings too."""
    mine, theirs = getattr(repo_config, "wfs", None), getattr(repo_config, "fs", None)
    return type(theirs) is not type(mine) and bool(getattr(repo_config, "local_dvc_dir", None))


def after_transfer(module: Any) -> None:
    """``dvc_data.hashfile.transfer``: one line per refused dataset, not one per object; and a download
    from a vault has as many jobs as the vault says, not as the cache does."""
    module.logger.addFilter(OneLinePerDataset())
    original = module.transfer

    @functools.wraps(original)
    def transfer(
        src: Any, dest: Any, obj_ids: Any, jobs: int | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        if jobs is None and src.fs.protocol == "tdsec":
            jobs = src.fs.jobs
        return original(src, dest, obj_ids, jobs, *args, **kwargs)

    module.transfer = transfer


class OneLinePerDataset(logging.Filter):
    """Lets the first refusal of a dataset through, in tdsec's words, and drops its repetitions."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        from tdsec_gov.vault.plugin.refusal import VaultRefusal

        refusal = record.exc_info[1] if record.exc_info else None
        if not isinstance(refusal, VaultRefusal):
            return True
        line = str(refusal)
        if line in self.seen:
            return False
        self.seen.add(line)
        record.msg, record.args, record.exc_info = line, (), None
        return True


def after_generic(module: Any) -> None:
    """``dvc_objects.fs.generic``: a refused download ends with its own line.

    DVC hands the error on and then moves the temporary file that is not there, which stops the whole
    pull with "unexpected error" (for any remote; dvc-objects 5.2).
    """
    atomic = module.as_atomic

    @contextlib.contextmanager
    def as_atomic(fs: Any, to_info: Any, create_parents: bool = False) -> Iterator[Any]:
        came_back = False
        try:
            with atomic(fs, to_info, create_parents) as part:
                yield part
                came_back = True
        except FileNotFoundError:
            if not came_back or fs.exists(part):
                raise

    module.as_atomic = as_atomic
