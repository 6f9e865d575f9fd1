"""Mend the generated parts of docs/*.md: ``python tests/docs/regenerate.py`` in the project's environment.

Rows that are new get an empty meaning, which a person writes; a new command gets a section at the end
of docs/cli.md. The tests in this folder fail until both is done.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from doc_blocks import DOCS, all_blocks, blocks_in, has_meanings, meanings, pages, rewritten
from doc_sources import commands, required, wanted


def main() -> int:
    known = required()
    for page in pages():
        text = page.read_text("utf-8")
        gone = [name for name, _ in blocks_in(text) if name not in known]
        for name in gone:
            print(f"{page.name}: nothing is called '{name}' any more; remove its section by hand")
        new = rewritten(text, lambda name, body: wanted(name, body) if name in known else body)
        if new != text:
            page.write_text(new, "utf-8")
            print(f"{page.name}: rewritten")
    missing = sorted(known - set(all_blocks()))
    for path in commands():
        if f"help {path}" in missing:
            with (DOCS / "cli.md").open("a", encoding="utf-8") as stream:
                block = wanted(f"help {path}", "")
                stream.write(f"\n### {path}\n\n<!-- begin help {path} -->\n{block}<!-- end -->\n")
            print(f"cli.md: section for {path} added at the end")
            missing.remove(f"help {path}")
    for name in missing:
        print(f"no page has the block '{name}': add <!-- begin {name} --> and <!-- end --> where it belongs")
    blank = [
        f"{name}: {key}"
        for name, body in all_blocks().items()
        if has_meanings(body)
        for key, text in meanings(body).items()
        if not text
    ]
    for one in blank:
        print(f"write the meaning of {one}")
    return 1 if missing or blank else 0


if __name__ == "__main__":
    sys.exit(main())
