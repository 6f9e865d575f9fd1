"""DVC's own ``get_cloud_fs``, kept before :mod:`.register` puts the guarded one in place."""

from __future__ import annotations

from typing import Any

_original: list[Any] = []


def remember(function: Any) -> None:
    """Keep DVC's function; called once, by the registration."""
    _original[:] = [function]


def unguarded_cloud_fs(repo_config: Any, **kwargs: Any) -> Any:
    """``(class, config, path)`` of a remote, without the guard over inner remotes."""
    if not _original:
        import dvc.fs  # noqa: F401 - importing it runs the registration
    return _original[0](repo_config, **kwargs)
