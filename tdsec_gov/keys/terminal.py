"""Ask for a passphrase at the terminal, also where standard input is something else (``dvc``, a hook)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

_lock = threading.Lock()
_asked: set[str] = set()


def at_terminal(prompt: str = "Passphrase: ") -> str:
    """What somebody types, unseen; empty where there is no terminal (a hook in an editor, CI)."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return ""
    import getpass

    with contextlib.suppress(EOFError, OSError):
        return getpass.getpass(prompt)
    return ""


def once_at_terminal(what: str) -> Callable[[], str]:
    """As :func:`at_terminal`, but for ``what`` only once in this process, whatever was answered.

    A wrong answer must not be asked for again by each of the threads of ``dvc push``.
    """

    def ask() -> str:
        with _lock:
            if what in _asked:
                return ""
            _asked.add(what)
            return at_terminal()

    return ask
