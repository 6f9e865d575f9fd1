"""The third place allowed to catch Exception: MLflow's training process is not ours to break.

Whatever goes wrong in the plugin is logged by type (never with its text, which may quote data), and
the caller is told, so that the run is marked unverified. Deliberate refusals are raised outside of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tdsec_gov.errors import TdsecError

_LOG = logging.getLogger("tdsec_gov.lineage")


@contextmanager
def guard(what: str, failed: Callable[[str], None] | None = None) -> Iterator[None]:
    """Run a block of the plugin; an error is logged, handed to ``failed`` in a line, and swallowed."""
    try:
        yield
    except TdsecError as exc:
        _report(f"{what}: {exc.line()}", f"{exc.code}: {exc.line()}", failed)
    except Exception as exc:  # noqa: BLE001 - see the module's docstring
        kind = type(exc).__name__
        _report(f"{what}: {kind}", f"internal: {what} failed ({kind})", failed)


def _report(message: str, reason: str, failed: Callable[[str], None] | None) -> None:
    _LOG.warning("tdsec: %s - the run counts as unverified", message)
    if failed is not None:
        failed(reason)


def tell(message: str) -> None:
    """One line for whoever trains, through logging: standard error, unless they configured it."""
    _LOG.warning("tdsec: %s", message)
