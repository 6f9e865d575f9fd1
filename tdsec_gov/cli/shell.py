"""What every command gets: where it runs, and how it speaks (people on a terminal, or one JSON document)."""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tdsec_gov.repo.repository import Repository


@dataclass
class Shell:
    """The edge of the program: folder, clock, output. Created once per call."""

    json: bool = False
    folder: Path = field(default_factory=Path.cwd)
    answered: bool = False

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def repository(self) -> Repository:
        """The repository this call is about. Raises ConfigurationError when there is none."""
        from tdsec_gov.repo.repository import Repository

        return Repository.discover(self.folder)

    def root(self) -> Path | None:
        """The root of the repository that this call is in, if it is in one."""
        from tdsec_gov.errors import ConfigurationError

        try:
            return self.repository().root
        except ConfigurationError:
            return None

    def unlocked(self) -> Repository:
        """As :meth:`repository`, for a command that signs: asks for the repository's passphrase now.

        Raises:
            KeyUnavailable: its committed identity is the only one here, and it does not open.
        """
        from tdsec_gov.keys.committed import COMMITTED, has_own, identity_of

        repository = self.repository()
        if not has_own() and (repository.root / COMMITTED).is_file():
            identity_of(repository.root, ask_passphrase)
        return repository

    def speaks(self, style: str) -> None:
        """Any style but ``text`` owns standard output: what is for people goes to standard error."""
        self.json = self.json or style != "text"

    def document(self, text: str, exit_code: int) -> int:
        """Finish with a document of another format. Returns ``exit_code``."""
        self.answered = True
        sys.stdout.write(text)
        sys.stdout.flush()
        return exit_code

    def say(self, text: str = "") -> None:
        """A line for people: standard output, or standard error when ``--json`` owns standard output."""
        print(text, file=sys.stderr if self.json else sys.stdout, flush=True)

    def warn(self, text: str) -> None:
        """A line for people that is never part of the result."""
        print(text, file=sys.stderr, flush=True)

    def answer(self, message: str, *, code: str = "ok", exit_code: int = 0, **more: Any) -> int:
        """Finish: the one JSON document under ``--json``, otherwise ``message``. Returns ``exit_code``."""
        self.answered = True
        if self.json:
            body = {"ok": exit_code == 0, "code": code, "message": message, "hint": "", "exit": exit_code}
            print(json.dumps({**body, **more}, default=str))
        elif message:
            print(message)
        sys.stdout.flush()
        return exit_code


def ask_passphrase() -> str:
    """What somebody types at the terminal, empty where there is none (a hook in an editor, CI)."""
    from tdsec_gov.keys.terminal import at_terminal

    return at_terminal()


pass_shell = click.make_pass_decorator(Shell)
