"""MLflow run context provider: the one plugin that every ``import mlflow`` loads.

It sets the Opacus hook and says which version of the plugin was at work. It proves nothing: a
provider cannot refuse, and is not asked for every run. The store does the work.
"""

from __future__ import annotations

from typing import Any

from tdsec_gov import __version__
from tdsec_gov.lineage.guard import guard


class TdsecContext:
    """Entry point ``mlflow.run_context_provider``."""

    def __init__(self) -> None:
        with guard("watching for opacus"):
            from mlflow.utils.import_hooks import register_post_import_hook

            register_post_import_hook(opacus_imported, "opacus.privacy_engine", overwrite=True)

    def in_context(self) -> bool:
        """Whether tdsec is set up where this process runs."""
        with guard("looking for a repository"):
            import os
            from pathlib import Path

            from tdsec_gov.lineage.plugin import PLUGIN

            return PLUGIN.desk.repository(os.environ, Path.cwd()) is not None
        return False

    def tags(self) -> dict[str, str]:
        return {"tdsec.plugin": __version__}


def opacus_imported(module: Any) -> None:
    """Called by MLflow's import hook once ``opacus.privacy_engine`` is there."""
    with guard("hooking into opacus"):
        from tdsec_gov.lineage.plugin import PLUGIN
        from tdsec_gov.privacy.training.opacus_hook import install

        install(module, guard, PLUGIN.delta)
