"""Loaded by ``tdsec_gov_boot.pth`` at every start of Python: arms a hook, imports nothing.

When (and only when) DVC's modules are imported, :mod:`tdsec_gov.vault.plugin.register` tells them of
``tdsec://``. The hook is a plain finder: importing ``importlib.abc`` would cost 20 ms per start.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from typing import Any

_AFTER = {
    "dvc_objects.fs": "after_dvc_objects_fs",
    "dvc.config_schema": "after_config_schema",
    "dvc.fs": "after_dvc_fs",
    "dvc_data.hashfile.transfer": "after_transfer",
    "dvc_objects.fs.generic": "after_generic",
}


def _then(name: str, module: Any) -> None:
    from tdsec_gov.vault.plugin import register

    getattr(register, _AFTER[name])(module)


class _Loader:
    """The module's own loader, followed by our function."""

    def __init__(self, name: str, inner: Any) -> None:
        self._name, self._inner = name, inner

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._inner, attribute)

    def create_module(self, spec: ModuleSpec) -> Any:
        return self._inner.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self._inner.exec_module(module)
        _then(self._name, module)


class _Finder:
    """Finds our five modules through everybody else's finders."""

    def __init__(self) -> None:
        self._busy: set[str] = set()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _AFTER or name in self._busy:
            return None
        self._busy.add(name)
        try:
            for finder in sys.meta_path:
                if finder is self:
                    continue
                spec: Any = finder.find_spec(name, path, target)
                if spec is not None:
                    if spec.loader is not None:
                        spec.loader = _Loader(name, spec.loader)
                    return spec
            return None
        finally:
            self._busy.discard(name)


def arm() -> None:
    """Arm the hook once; modules that are imported already are told at once."""
    if any(type(finder).__name__ == "_Finder" and finder.__module__ == __name__ for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    for name in _AFTER:
        if name in sys.modules:
            _then(name, sys.modules[name])


arm()
