"""Run a command as our child: signals passed on, its end as a shell would state it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tdsec_gov.files import naming_os_errors

_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


def run_child(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, to_stderr: bool = False
) -> int:
    """Exit code of ``command`` in ``folder``; 128 + n where signal n ended it.

    ``to_stderr`` keeps our standard output free of what the command prints. An interrupt (Ctrl-C)
    reaches the child from the terminal; we wait for how it ends.

    Raises:
        BackendUnavailable, ConfigurationError: it cannot be started.
    """
    with naming_os_errors(command[0], "cannot be started"):
        child = subprocess.Popen(
            list(command), cwd=folder, env=dict(environment), stdout=sys.stderr if to_stderr else None
        )
    with _passing_on(child):
        while True:
            try:
                code = child.wait()
                break
            except KeyboardInterrupt:
                continue
    return code if code >= 0 else 128 - code


@contextmanager
def _passing_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """While the child runs, what asks us to stop asks the child (main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pass_on: Any = lambda got, _: child.send_signal(got)  # noqa: E731
    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
