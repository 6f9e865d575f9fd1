"""Refuse YAML that is small to write and endless to read, before anything is built from it.

Anchors repeated by aliases or merge keys grow by a factor per line ("billion laughs"), and brackets in
brackets overflow the stack of the C parser. Events come one after the other, so counting them is safe.
"""

from __future__ import annotations

from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 100
MAX_COPIED = 100_000
"""Nodes that all aliases of one document may stand for together."""


def refuse_bomb(text: str) -> None:
    """Raises yaml.YAMLError: not YAML, nested deeper than 100, or aliases stand for too many nodes."""
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    total = copied = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            size = sizes.get(event.anchor or "", 1)
            copied, total = copied + size, total + size
        elif isinstance(event, yaml.CollectionStartEvent):
            total += 1
            opened.append((event.anchor, total))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, start = opened.pop()
            if anchor is not None:
                sizes[anchor] = total - start + 1
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
        if len(opened) > MAX_DEPTH:
            raise yaml.YAMLError("nested too deeply")
        if copied > MAX_COPIED:
            raise yaml.YAMLError("aliases stand for too many nodes")
