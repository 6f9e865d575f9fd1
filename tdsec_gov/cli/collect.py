"""``tdsec collect``"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.progress import Checking, Counting
from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tdsec_gov.domain.findings import CheckResult

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(click.ParamType[int]):
    """A number of bytes: 500M, 10G."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([1-9][0-9]{0,15})([KMGT]?)(iB|B)?", str(value).strip(), re.I)
        if found is None:
            self.fail(f"{str(value)[:30]!r} is no size; write 500M or 10G", param, ctx)
        return int(found[1]) * _UNITS[found[2].upper()]


@click.command()
@click.argument("source")
@click.argument("location")
@click.option("--out", required=True, metavar="PATH", help="Where the data goes, such as data/train.csv.")
@click.option("--sha256", metavar="DIGEST", help="What the file must be; anything else is rejected.")
@click.option("--force", is_flag=True, help="Replace the version that DVC tracks at PATH.")
@click.option("--max-size", type=Size(), default="10G", show_default=True, help="The most that may arrive.")
@pass_shell
def collect(
    shell: Shell, source: str, location: str, out: str, sha256: str | None, force: bool, max_size: int
) -> int:
    """Fetch LOCATION for SOURCE into quarantine, check it there, and only then put it under DVC.

    LOCATION is a path, an https URL or anything fsspec has installed (s3://bucket/key), a single file, a
    folder or a glob; it must fit allowed_locations of the source record, and so must every redirect. Then
    come the pinned digest and the checks that the policy's rule for PATH requires. What is rejected or
    interrupted leaves nothing behind.
    """
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.collect.rejected import Rejected
    from tdsec_gov.collect.run import Collector, Wanted

    repository = shell.unlocked()
    repository.require_initialised()
    wanted = Wanted(source, location, out, _digest(sha256), force, max_size)
    with _Watching(out, shell.json) as watching:
        collector = Collector(
            repository,
            lambda: Journal.open(repository.root),
            shell.now,
            shell.folder,
            watching.arrived,
            watching.checked,
        )
        try:
            done = collector.collect(wanted)
        except Rejected as exc:
            _findings(shell, exc.results)
            raise
    _findings(shell, done.results)
    version, record = done.version, done.provenance
    replaced = "; it replaces the version that was there" if done.replaced else ""
    return shell.answer(
        f"accepted: {version.short}, {version.files} file{'' if version.files == 1 else 's'}, "
        f"{version.size} bytes, SHA-256 {record.content or version.root}{replaced}; staged. "
        f"Next: git commit (the gate writes the verdict)",
        dataset=version.as_json(),
        location=record.location,
        pinned=record.pinned,
        replaced=done.replaced,
        checks=[one.as_json() for one in done.results],
    )


class _Watching(contextlib.ExitStack):
    """Tells of whole MiB while data arrives, then of the checks."""

    def __init__(self, dataset: str, quiet: bool) -> None:
        super().__init__()
        self._checking = Checking(dataset, quiet)
        self._counting = Counting("collecting, MiB", quiet)
        self._last = 0
        self._arriving = True
        self.enter_context(self._counting)

    def arrived(self, size: int) -> None:
        if size >> 20 > self._last:
            self._last = size >> 20
            self._counting(self._last)

    def checked(self, name: str, result: CheckResult | None) -> None:
        if self._arriving:
            self._arriving = False
            self.close()
            self.enter_context(self._checking)
        self._checking(name, result)


def _digest(text: str | None) -> str | None:
    from tdsec_gov.domain.dataset import is_sha256
    from tdsec_gov.errors import UsageError

    if text is None:
        return None
    plain = text.strip().lower().removeprefix("sha256:")
    if not is_sha256(plain):
        raise UsageError("--sha256 is no SHA-256", expected="64 hexadecimal digits, as sha256sum prints")
    return plain


def _findings(shell: Shell, results: Sequence[CheckResult]) -> None:
    for result in results:
        for one in result.findings:
            where = f"{one.file}: " if one.file else ""
            facts = ", ".join(str(part) for part in (one.column, one.count) if part is not None)
            shell.warn(f"  {where}{one.code} {one.message}" + (f" ({facts})" if facts else ""))
