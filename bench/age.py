"""The encryption core against the `age` command and rclone crypt, in MB per CPU second; small objects too.

Run: python bench/age.py [MB]. Needs the `age` command; without `rclone` its rows are left out and it says so.
Prints a Markdown table; best of four rounds.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tdsec_gov.keys.age import file, x25519

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 256
SMALL = 2000


def best(work: Callable[[], object], who: int = resource.RUSAGE_SELF) -> float:
    """Least CPU seconds of four rounds."""
    taken = []
    for _ in range(4):
        before = resource.getrusage(who)
        work()
        after = resource.getrusage(who)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def obscured() -> str:
    """A password in the form that rclone's settings want."""
    found = subprocess.run(["rclone", "obscure", "bench"], check=True, stdout=subprocess.PIPE, text=True)
    return found.stdout.strip()


def main() -> None:
    identity = x25519.Identity.generate()
    with tempfile.TemporaryDirectory(prefix="tdsec-bench-") as name:
        folder = Path(name)
        plain, sealed, back, key = (folder / one for one in ("plain", "sealed", "back", "key"))
        plain.write_bytes(os.urandom(MEGABYTES * 1_000_000))
        key.write_text(f"{identity}\n")

        def encrypt() -> None:
            with plain.open("rb", buffering=0) as source, sealed.open("wb") as sink:
                reader = file.EncryptReader(source, [identity.recipient])
                while piece := reader.read(1 << 20):
                    sink.write(piece)

        def decrypt() -> None:
            with sealed.open("rb", buffering=0) as source, back.open("wb") as sink:
                file.decrypt_stream(source, sink.write, [identity])

        def stock(*words: object) -> Callable[[], object]:
            return lambda: subprocess.run(["age", *map(str, words)], check=True)

        def crypt(*words: object) -> Callable[[], object]:
            settings = {"TYPE": "crypt", "REMOTE": str(folder / "crypt"), "PASSWORD": obscured()}
            told = {f"RCLONE_CONFIG_SEALED_{name}": value for name, value in settings.items()}
            return lambda: subprocess.run(
                ["rclone", "--ignore-times", *map(str, words)], check=True, env={**os.environ, **told}
            )

        children = resource.RUSAGE_CHILDREN
        rows = {
            "ours encrypt": best(encrypt),
            "ours decrypt": best(decrypt),
            "age encrypt": best(stock("-r", identity.recipient, "-o", folder / "cli", plain), children),
            "age decrypt": best(stock("-d", "-i", key, "-o", folder / "cli", sealed), children),
        }
        if shutil.which("rclone"):
            rows["rclone crypt encrypt"] = best(crypt("copyto", plain, "sealed:plain"), children)
            rows["rclone crypt decrypt"] = best(crypt("copyto", "sealed:plain", folder / "cli"), children)
        else:
            print("rclone is not installed: rclone crypt was not measured", file=sys.stderr)
    print("| step | MB per CPU s |\n|---|---|")
    for step, seconds in rows.items():
        print(f"| {step} | {MEGABYTES / seconds:.0f} |")
    small = os.urandom(20_000)
    started = time.process_time()
    for _ in range(SMALL):
        file.encrypt_bytes(small, [identity.recipient])
    print(f"\n20 KB objects: {SMALL / (time.process_time() - started):.0f} encrypted per CPU second")


if __name__ == "__main__":
    main()
