"""False alarms of the files check on what installed packages ship as data, archives of it opened, too."""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from files_accuracy import denies, judged

from tdsec_gov.domain.findings import Severity

SUFFIXES = [
    ".csv",
    ".tsv",
    ".json",
    ".jsonl",
    ".ndjson",
    ".geojson",
    ".topojson",
    ".parquet",
    ".feather",
    ".arrow",
    ".npy",
    ".npz",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".webp",
    ".ppm",
    ".pgm",
    ".wav",
    ".flac",
    ".mp3",
    ".ogg",
    ".csv.gz",
    ".csv.bz2",
    ".csv.xz",
    ".json.gz",
    ".txt.gz",
    ".zip",
    ".h5",
    ".nc",
    ".mat",
    ".sqlite",
    ".db",
    ".xml",
    ".yaml",
    ".yml",
    ".svg",
    ".arff",
    ".dat",
    ".data",
    ".tab",
    ".fits",
    ".xlsx",
    ".ttf",
    ".afm",
    ".bin",
]
LARGEST = 24 << 20


def samples(root: Path) -> Iterator[tuple[str, bytes]]:
    """Files by name and bytes; members of tar.gz archives (where packages keep data sets) one by one."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or path.is_symlink() or not 0 < path.stat().st_size <= LARGEST:
            continue
        if name.endswith((".tar.gz", ".tgz")):
            with tarfile.open(path) as archive:
                for member in archive:
                    stream = archive.extractfile(member) if member.isfile() and member.size else None
                    if stream is not None and member.name.endswith(tuple(SUFFIXES)):
                        yield f"{name}!/{member.name}", stream.read()
        elif name.endswith(tuple(SUFFIXES)):
            yield name, path.read_bytes()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="part of the path")
    parser.add_argument("--show", default="", help="name the files that have this code, denied or not")
    parser.add_argument("--zip", action="store_true", help="look at each 200 files as one zip archive")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    found = ((n, d) for n, d in samples(Path(sysconfig.get_paths()["purelib"])) if given.only in n)
    kinds, codes = Counter[str](), Counter[str]()
    denied = 0
    with tempfile.TemporaryDirectory() as folder:
        while batch := list(itertools.islice(found, 200)):
            if given.zip:
                batch = [("all.zip", _zip(Path(folder), batch))]
            for (path, _), findings in zip(batch, judged(Path(folder), batch, {}), strict=True):
                kinds[Path(path).suffix] += 1
                codes.update({f"{one.code} {one.severity.value}" for one in findings})
                denied += denies(findings)
                for one in findings:
                    if one.severity is Severity.DENY or (given.show and one.code == given.show):
                        print(f"{one.severity.value} {one.code} {path}: {one.message}")
    print(f"{sum(kinds.values())} files {dict(kinds.most_common())}")
    print(f"{denied} denied; files with each finding: {dict(sorted(codes.items()))}")
    return 0


def _zip(folder: Path, batch: list[tuple[str, bytes]]) -> bytes:
    target = folder / "batch.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in batch:
            if not name.endswith((".zip", ".npz", ".xlsx")):
                archive.writestr(name, data)
    return target.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
