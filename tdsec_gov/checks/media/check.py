"""Media: images decode, sound has sane headers, text is UTF-8, and nothing hides after their ends."""

from __future__ import annotations

import stat
import zipfile
from dataclasses import dataclass
from typing import ClassVar

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.media.faults import Flaw, Limits
from tdsec_gov.checks.media.images import look_at_image
from tdsec_gov.checks.media.kinds import kind_of
from tdsec_gov.checks.media.sounds import look_at_sound
from tdsec_gov.checks.media.tell import Tale
from tdsec_gov.checks.media.texts import look_at_compressed, look_at_text
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.perfile import PerFile, Seen
from tdsec_gov.checks.refusals import nothing_to_check
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity
from tdsec_gov.errors import DependencyMissing

NOT_CHECKED = (
    "what images show and sound says",
    "samples of sound files (headers and lengths only), and where the last frame of FLAC ends",
    "bytes between the parts of TIFF files, which have no end of their own",
)


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """As in the policy."""

    limits: Limits
    trailing: Severity
    max_duplicate_share: float
    across_folders: Severity


class Media(PerFile[MediaSettings]):
    """Findings TDS700 to TDS749.

    Settings: ``max_megapixels``, ``max_frames``, ``max_decoded_mib`` and ``max_seconds`` for one file;
    ``trailing`` (bytes after the end that are no other format: warn or deny; another format always denies);
    ``max_duplicate_share`` (of files that repeat another one byte by byte); ``across_folders`` (equal bytes
    in two folders, which usually are classes: note, warn or deny).
    """

    name: ClassVar[str] = "media"

    def prepare(self, given: CheckInput) -> MediaSettings:
        params = Params(self.name, given.params)
        pixels = params.number("max_megapixels", 89, 0.001, 89)
        frames = params.number("max_frames", 1000, 1, 100_000)
        decoded = params.number("max_decoded_mib", 2048, 1, 1 << 20)
        seconds = params.number("max_seconds", 30, 0.1, 3600)
        trailing = params.choice("trailing", ("warn", "deny"), "warn")
        share = params.share("max_duplicate_share", 0.05)
        across = params.choice("across_folders", ("note", "warn", "deny"), "warn")
        params.done()
        limits = Limits(
            pixels=int((pixels or 89) * 1_000_000),
            frames=int(frames or 1000),
            decoded=int((decoded or 2048) * (1 << 20)),
            seconds=seconds or 30,
        )
        return MediaSettings(limits, Severity(trailing), share, Severity(across))

    def run(self, given: CheckInput) -> CheckResult:
        """Look at every file. Raises PolicyInvalid for bad settings."""
        self.prepare(given)
        return super().run(given) if given.files else nothing_to_check(self.name)

    def examine(self, file: DataFile, settings: MediaSettings) -> JsonValue:
        """Kind, figures, and the flaw that ended the look, if any."""
        kind, form, packed = kind_of(file.path)
        seen: dict[str, JsonValue] = {"kind": kind, "format": form}
        try:
            return {**seen, **_look(file, kind, form, packed, settings.limits)}
        except DependencyMissing as exc:
            return {**seen, "code": "TDS700", "message": exc.line()}
        except Flaw as flaw:
            return {**seen, "code": flaw.code, "message": flaw.message}
        except OSError as exc:
            return {**seen, "code": "TDS706", "message": f"file cannot be read ({type(exc).__name__})"}

    def engine(self, settings: MediaSettings) -> JsonValue:
        """The version of Pillow, whose decoders answer."""
        from importlib import metadata

        try:
            return metadata.version("pillow")
        except metadata.PackageNotFoundError:
            return None

    def conclude(self, seen: Seen, settings: MediaSettings, given: CheckInput) -> CheckResult:
        """Findings of files, then of the whole: duplicates, and that nothing was of a known kind."""
        tale = Tale(settings.trailing)
        for file, partial in seen:
            tale.add(file, partial)
        found = [*tale.findings(), *_of_all(tale, settings)]
        share = tale.repeated / tale.examined if tale.examined else 0.0
        others = tale.kinds["other"]
        told = (f"{others} files of other kinds, of which this check looks at nothing",) if others else ()
        return CheckResult.from_findings(
            self.name,
            found,
            metric=round(share, 6),
            threshold=settings.max_duplicate_share,
            not_checked=(*NOT_CHECKED, *told),
            facts={"files": len(given.files), **tale.facts()},
        )


def _look(file: DataFile, kind: str, form: str, packed: str | None, limits: Limits) -> dict[str, JsonValue]:
    if kind == "other":
        return {}
    status = file.location.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size != file.size:
        raise Flaw("TDS706", "file is not a regular file of the size in the manifest")
    if file.size == 0:
        raise Flaw("TDS706", "file is empty")
    if kind == "text":
        return look_at_text(file.location, packed, limits)
    if kind == "compressed":
        return look_at_compressed(file.location, packed or "", limits)
    look = (
        look_at_image(file.location, file.size, form, limits)
        if kind == "image"
        else look_at_sound(file.location, file.size, form)
    )
    if zipfile.is_zipfile(file.location):
        look = {**look, "zip": True}
    return look


def _of_all(tale: Tale, settings: MediaSettings) -> list[Finding]:
    found = []
    if tale.examined == 0:
        text = "the dataset holds no image, sound, text or compressed file"
        found.append(Finding("TDS709", Severity.WARN, text))
    elif tale.repeated / tale.examined > settings.max_duplicate_share:
        text = f"{tale.repeated} of {tale.examined} files repeat another one byte by byte"
        found.append(Finding("TDS707", Severity.WARN, text, count=tale.repeated))
    if across := tale.across:
        text = f"{across} contents lie in more than one folder: if folders are classes, under two labels"
        found.append(Finding("TDS708", settings.across_folders, text, count=across))
    return found
