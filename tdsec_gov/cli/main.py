"""``tdsec``: the table of commands, loaded on demand, and the one place where errors become exit codes."""

from __future__ import annotations

import importlib
import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tdsec_gov import __version__
from tdsec_gov.cli.shell import Shell

if TYPE_CHECKING:
    from tdsec_gov.errors import TdsecError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("tdsec_gov.cli.init:init", "Set tdsec up in this git+DVC repository."),
    "key": ("tdsec_gov.cli.key:key", "Your identity: new, show, list."),
    "source": ("tdsec_gov.cli.source:source", "Source records: add, list, show, recheck, schema, croissant."),
    "collect": ("tdsec_gov.cli.collect:collect", "Fetch data through quarantine, checked on arrival."),
    "schema": ("tdsec_gov.cli.schema:schema", "Write a schema that fits a dataset."),
    "fix": ("tdsec_gov.cli.fix:fix", "Mend personal data: drop, mask or key a column."),
    "check": ("tdsec_gov.cli.check:check", "Run the gate and write the verdict."),
    "detect": ("tdsec_gov.cli.detect:detect", "Look at poisoning in depth: each test, what it saw."),
    "waive": ("tdsec_gov.cli.waive:waive", "Let a check fail on one version for a while, signed."),
    "waivers": ("tdsec_gov.cli.waive:waivers", "What is waived, what has expired."),
    "cosign": ("tdsec_gov.cli.cosign:cosign", "Run the gate again and add a second signature."),
    "review": ("tdsec_gov.cli.review:review", "Show a version that is not accepted to who may decide."),
    "verify": ("tdsec_gov.cli.verify:verify", "Check evidence, never data quality; works offline."),
    "run": ("tdsec_gov.cli.run:run", "Verify the data, then run a training command with lineage."),
    "lineage": ("tdsec_gov.cli.lineage:lineage", "From a run to its data and sources, and back."),
    "vault": ("tdsec_gov.cli.vault:vault", "The encrypted remote: status, readers, verify."),
    "privacy": ("tdsec_gov.cli.privacy:privacy", "Epsilon spent and left."),
    "audit": ("tdsec_gov.cli.audit:audit", "The audit log: log, verify, prove, checkpoint."),
    "report": ("tdsec_gov.cli.report:report", "Compliance report of a dataset."),
    "explain": ("tdsec_gov.cli.explain:explain", "What a finding code means and how to fix it."),
    "doctor": ("tdsec_gov.cli.doctor:doctor", "Find every wrong set-up and print the fix."),
    "demo": ("tdsec_gov.cli.demo:demo", "The main job and six attacks, in a folder you keep."),
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called, so that ``--help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(
    cls=Lazy,
    help="Know, and prove, that the data you trained on is the data you approved.",
    epilog="Exit codes: 0 done, 1 denied, 2 usage, 3 internal, 10 integrity, 11 unverified, "
    "12 configuration, 13 key, 14 backend, 130 interrupted.",
)
@click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON document on standard output.")
@click.option("--repo", type=click.Path(path_type=Path), default=None, help="Work there instead of here.")
@click.version_option(__version__, prog_name="tdsec")
@click.pass_context
def cli(ctx: click.Context, as_json: bool, repo: Path | None) -> None:
    ctx.obj = Shell(json=as_json, folder=_here(repo))


def _here(repo: Path | None) -> Path:
    from tdsec_gov.errors import ConfigurationError

    try:
        return (repo or Path.cwd()).absolute()
    except FileNotFoundError:
        raise ConfigurationError("the current folder was removed", hint="cd somewhere else") from None


def main(argv: list[str] | None = None) -> int:
    """Run ``tdsec`` and return its exit code (also the console script)."""
    arguments = sys.argv[1:] if argv is None else argv
    as_json = "--json" in arguments[:3] or ("--format", "json") in pairwise(arguments)
    try:
        code = cli.main(args=arguments, prog_name="tdsec", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as exc:
        print(exc.format_message(), file=sys.stderr)
        return 2
    except click.ClickException as exc:
        return _usage(exc, as_json)
    except (KeyboardInterrupt, click.exceptions.Abort):
        if as_json:
            print(json.dumps({"ok": False, "code": "interrupted", "message": "", "hint": "", "exit": 130}))
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as exc:  # noqa: BLE001 - the top of the CLI: one of the two places
        return _fail(exc, as_json)


def _usage(exc: click.ClickException, as_json: bool) -> int:
    from tdsec_gov.errors import UsageError

    where = exc.ctx.command_path if isinstance(exc, click.UsageError) and exc.ctx else "tdsec"
    return _fail(UsageError(exc.format_message().rstrip("."), hint=f"see: {where} --help"), as_json)


def _fail(exc: Exception, as_json: bool) -> int:
    from tdsec_gov.errors import InternalError, TdsecError

    if isinstance(exc, TdsecError):
        error: TdsecError = exc
    else:
        error = InternalError(
            "unexpected error in tdsec-gov itself",
            found=type(exc).__name__,
            hint="set TDSEC_DEBUG=1 for the traceback and report it",
        )
        if os.environ.get("TDSEC_DEBUG"):
            import traceback

            traceback.print_exc()
    if as_json:
        print(json.dumps(error.as_dict()))
    print(f"tdsec: {error.line()}", file=sys.stderr)
    return error.exit_code


def script() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    script()
