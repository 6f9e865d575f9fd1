"""Add a source record to policies/sources.yaml as text, so that comments and order stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import InternalError, PolicyInvalid, UsageError
from tdsec_gov.policy.source_models import Source, SourcesFile
from tdsec_gov.policy.yamlfile import read_model

SOURCES = "policies/sources.yaml"


@dataclass(frozen=True, slots=True)
class _Replaced:
    """A tree in which one file has other bytes."""

    tree: Tree
    name: str
    data: bytes

    def read(self, name: str) -> bytes | None:
        return self.data if name == self.name else self.tree.read(name)

    def names(self, folder: str) -> Iterator[str]:
        return self.tree.names(folder)


def with_source(tree: Tree, source: Source) -> bytes:
    """The bytes of policies/sources.yaml with ``source`` as its last record.

    The new bytes are parsed strictly and compared: the old records, then the new one, nothing else.

    Raises:
        PolicyInvalid: the file is missing or broken, or its records are not a block list.
        UsageError: there is a record of this id.
    """
    before = read_model(tree, SOURCES, SourcesFile)
    if any(one.id == source.id for one in before.sources):
        raise UsageError(f"there is a source '{source.id}' already", where=SOURCES, hint="edit it there")
    text = (tree.read(SOURCES) or b"").decode("utf-8")
    data = _spliced(text, record_of(source)).encode()
    after = read_model(_Replaced(tree, SOURCES, data), SOURCES, SourcesFile)
    if after.sources != (*before.sources, source):
        raise InternalError("adding a source record would change others", where=SOURCES)
    return data


def record_of(source: Source) -> dict[str, Any]:
    """The record as plain values, what is not stated left out."""
    body: dict[str, Any] = source.model_dump(exclude_none=True, exclude_defaults=True)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in body.items()}


def _spliced(text: str, record: dict[str, Any]) -> str:
    """``text`` with ``record`` put where the list of sources ends."""
    node = _list_node(text)
    if node is None:
        return f"{_ended(text)}sources:\n{_block(record, 2)}"
    start, end = node.start_mark, node.end_mark
    if not node.value:
        return (
            f"{text[: start.index].rstrip(' ')}\n{_block(record, 2)}{text[end.index :].lstrip(' ')}".rstrip(
                "\n"
            )
            + "\n"
        )
    if node.flow_style:
        raise PolicyInvalid(
            "the sources are written in one line", where=SOURCES, expected="a list with '- id: ...' lines"
        )
    at = end.index - end.column
    before, after = (text, "") if end.index >= len(text) else (text[:at], text[at:])
    return f"{_ended(before)}{_block(record, start.column)}{after}"


def _list_node(text: str) -> Any:
    """The node of the value of ``sources``; None where there is no such key."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = getattr(root, "value", [])
    return next((value for key, value in pairs if getattr(key, "value", "") == "sources"), None)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _block(record: dict[str, Any], indent: int) -> str:
    lines = yaml.safe_dump([record], sort_keys=False, allow_unicode=True, width=100).splitlines()
    return "".join(f"{' ' * indent}{line}\n" for line in lines)
