"""OpenSSH's sshd: own host key, one user key, SFTP only."""

from __future__ import annotations

import contextlib
import getpass
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from servers.place import DiskServer
from servers.starting import HOST, free_ports, require_command, running

_CONFIG = """\
ListenAddress {host}
Port {port}
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
PermitRootLogin yes
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
MaxStartups 100
MaxSessions 100
"""


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[DiskServer]:
    """A server whose files lie in ``folder/files``; skips where sshd is not installed."""
    command = require_command("sshd", "openssh-server", "/usr/sbin", "/usr/local/sbin")
    keygen = require_command("ssh-keygen", "openssh-client")
    for name in ("host", "user"):
        make = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / name]
        subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
    (folder / "files").mkdir()
    if os.geteuid() == 0:  # sshd run by root separates privileges into this empty folder
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    (port,) = free_ports(1)
    (folder / "sshd_config").write_text(_CONFIG.format(host=HOST, port=port, folder=folder))
    with running([command, "-D", "-e", "-f", folder / "sshd_config"], port, folder / "sshd.log"):
        options = {
            "port": str(port),
            "user": getpass.getuser(),
            "keyfile": str(folder / "user"),
            "allow_agent": "false",
        }
        yield DiskServer(f"ssh://{HOST}{folder}/files", options, folder / "files")
