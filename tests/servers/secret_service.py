"""GNOME's keyring on a session bus of its own: the Secret Service that desktops have, without a desktop."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from servers.starting import require_command, require_module


@contextlib.contextmanager
def secret_service(folder: Path, *, unlocked: bool = True) -> Iterator[dict[str, str]]:
    """The environment in which a keyring answers; its files lie in ``folder``.

    A keyring that is not ``unlocked`` would ask somebody at a screen, and there is none.

    Skips the test where dbus-daemon, gnome-keyring or the package ``keyring`` is not installed.
    """
    require_module("keyring", "keyring")
    require_module("secretstorage", "keyring")
    bus_command = require_command("dbus-daemon", "dbus")
    keyring_command = require_command("gnome-keyring-daemon", "gnome-keyring")
    env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    env.pop("DBUS_SESSION_BUS_ADDRESS", None)
    bus = subprocess.Popen(
        [bus_command, "--session", "--nofork", "--print-address"],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    daemon = None
    try:
        assert bus.stdout is not None
        env["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        daemon = subprocess.Popen(
            [keyring_command, "--foreground", "--unlock" if unlocked else "--start", "--components=secrets"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert daemon.stdin is not None and daemon.stdout is not None
        daemon.stdin.write(b"login password")
        daemon.stdin.close()
        daemon.stdout.readline()
        yield {
            "DBUS_SESSION_BUS_ADDRESS": env["DBUS_SESSION_BUS_ADDRESS"],
            "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
        }
    finally:
        for process in (daemon, bus):
            if process is not None:
                process.terminate()
                process.wait(10)
