"""``tdsec detect``"""

from __future__ import annotations

import click

from tdsec_gov.cli.detect_accept import accept, accepted
from tdsec_gov.cli.detect_calibrate import calibrate
from tdsec_gov.cli.detect_look import look


class LookByDefault(click.Group):
    """``tdsec detect TARGET`` is ``tdsec detect look TARGET``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "look", self.commands["look"], args


@click.group(
    cls=LookByDefault,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    subcommand_metavar="TARGET | COMMAND [ARGS]...",
)
def detect() -> None:
    """Look at poisoning in depth: `tdsec detect TARGET` looks, `tdsec detect look --help` says how.

    What people say of what they saw is signed, and later versions are judged by it.
    """


for _command in (look, calibrate, accept, accepted):
    detect.add_command(_command)
