"""Start a server's process on free ports, wait until it answers, end it; never leave one behind."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

HOST = "127.0.0.1"
_PATIENCE = 60.0
"""Seconds that a loaded machine may take to start a server."""


class DidNotStart(Exception):
    """The server ended, or did not answer in time; says the end of its log."""


def require_module(name: str, package: str) -> None:
    """Skip the test where a Python package is not installed."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{package} is not installed (pip install '{package}')")


def require_command(name: str, package: str, *folders: str) -> Path:
    """Path of a command that Debian's ``package`` has. Skips the test where it is not installed."""
    found = shutil.which(name) or next((p for one in folders if (p := shutil.which(name, path=one))), None)
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {package})")
    return Path(found)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """``command`` as a process that answers on ``port``; ended, at last killed, at the end.

    Raises:
        DidNotStart: with the last lines that it wrote.
    """
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=log.parent,
            start_new_session=True,
        )
    try:
        _wait(process, port, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    tail = log.read_text(errors="replace")[-1500:]
    raise DidNotStart(f"{process.args} on port {port}, ended with {process.poll()}: {tail}")


def python(*words: str | Path) -> list[str | Path]:
    """A command for this Python, which shall not import from the folder it happens to be in."""
    return [sys.executable, "-P", *words]
