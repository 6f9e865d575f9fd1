"""Packages that only some ways to keep an identity need: imported on demand, named when missing."""

from __future__ import annotations

import importlib
from typing import Any

from tdsec_gov.errors import DependencyMissing


def optional(module: str, extra: str, why: str) -> Any:
    """The module.

    Raises:
        DependencyMissing: its package is not installed; the hint names the extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as exc:
        top = module.partition(".")[0]
        if exc.name is None or exc.name.partition(".")[0] != top:
            raise
        raise DependencyMissing(
            f"package '{top}' is not installed", where=why, hint=f"run: pip install 'tdsec-gov[{extra}]'"
        ) from None
