"""``tdsec detect calibrate``"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, ask_passphrase, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.domain.dataset import DatasetVersion
    from tdsec_gov.gate.evaluate import Gate
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.verdicts.calibration import Calibration


@click.command()
@click.argument("target")
@click.option("--attack", "attacks", multiple=True, help="Only this attack (again for more).")
@click.option("--rate", "rates", multiple=True, type=click.FloatRange(0, 0.5, min_open=True),
              help="Poisoned share of the added rows (again for more).  [default: 0.01, 0.05]")  # fmt: skip
@click.option(
    "--trials", default=20, show_default=True, type=click.IntRange(1, 10_000), help="Draws of each."
)
@click.option("--rows", default=3_000, show_default=True, type=click.IntRange(60, 10**6),
              help="Rows of the version in each draw, a third of them as the added ones.")  # fmt: skip
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, 2**31), help="Seed of the draws."
)
@click.option("--minutes", default=10.0, show_default=True, type=click.FloatRange(0, min_open=True),
              help="Begin no further round of draws after this time.")  # fmt: skip
@pass_shell
def calibrate(
    shell: Shell,
    target: str,
    attacks: tuple[str, ...],
    rates: tuple[float, ...],
    trials: int,
    rows: int,
    seed: int,
    minutes: float,
) -> int:
    """Attack TARGET's own last accepted version, and keep, signed, what the gate would have caught.

    Part of its rows play a new push; published attacks poison some of them; the detectors that decide run as
    they do in the gate, under the policy's settings. Later verdicts cite the record.
    """
    from tdsec_gov.checks.poisoning.calibrate import RATES
    from tdsec_gov.checks.poisoning.calibrate import calibrate as study
    from tdsec_gov.cli.opened import journal_of, one_dataset, open_gate
    from tdsec_gov.cli.progress import Counting
    from tdsec_gov.errors import UsageError
    from tdsec_gov.gate.calibration import CalibrationDesk
    from tdsec_gov.gate.job import required_checks
    from tdsec_gov.keys.committed import identity_of

    repository = shell.repository()
    repository.require_initialised()
    pointer = one_dataset(shell, repository, target)
    gate = open_gate(shell, repository)
    version = _accepted(gate, pointer)
    files = gate.reference(version)
    if files is None:
        raise UsageError(
            f"version {version.short} is not in the DVC cache as signed", hint=f"dvc fetch {version.name}"
        )
    params = dict(required_checks(gate.book.policies.for_dataset(version.name))).get("poisoning")
    if params is None:
        raise UsageError("the policy asks for no check poisoning", where=version.name)
    desk = CalibrationDesk(gate, journal_of(repository), identity_of(repository.root, ask_passphrase))
    with Counting(f"{version.name}: pushes", quiet=shell.json) as watching:
        given = partial(
            study,
            attacks=attacks,
            rates=rates or RATES,
            trials=trials,
            rows=rows,
            seed=seed,
            seconds=60 * minutes,
            progress=lambda done, total: watching(done),
        )
        record, name = desk.calibrate(version, files, params, given)
    _print(shell, record)
    shell.say(f"next: git add {name} .tdsec/checkpoint, and commit")
    return shell.answer("", record=name, sha256=version.root, calibration=dict(record.body))


def _accepted(gate: Gate, pointer: Pointer) -> DatasetVersion:
    from tdsec_gov.errors import UsageError

    history = [one.verdict for one in gate.book.history(pointer.name) if one.verdict.accepted]
    if not history:
        raise UsageError(
            "no version of this dataset was accepted yet",
            where=pointer.name,
            hint=f"run: tdsec check {pointer.name}",
        )
    return history[-1].version


def _print(shell: Shell, record: Calibration) -> None:
    from tdsec_gov.gate.cited import power

    body = record.body
    shell.say(f"{record.dataset}@{record.root[:12]}: {body['accepted']} rows accepted, {body['added']} added")
    denied, pushes = (int(str(one)) for one in body["clean"]) if isinstance(body["clean"], list) else (0, 0)
    shell.say(f"  clean pushes denied: {denied} of {pushes}")
    shell.say(f"  {'attack':16} {'rate':>6} {'rows':>5}  caught  power (95 %)        recall  precision")
    for one in record.attacks:
        shares = (one["recall"], one["precision"])
        recall, precision = ("-" if share is None else f"{share:.2f}" for share in shares)
        shell.say(
            f"  {one['attack']:16} {float(str(one['rate'])):6.1%} {one['rows']:>5}  "
            f"{one['caught']:>2}/{one['trials']:<3}  {power(one):.2f} ({one['low']:.2f}-{one['high']:.2f})   "
            f"{recall:>6}  {precision:>9}"
        )
    skipped = body["skipped"]
    for note in skipped if isinstance(skipped, list) else ():
        shell.say(f"  not done: {note}")
