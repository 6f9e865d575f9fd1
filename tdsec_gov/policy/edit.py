"""Change lists in a YAML file as text, so that comments and layout stay: one item in, one item out.

The text is not trusted to come out as meant: whoever calls this parses the result again and compares it
with what it should say (:func:`edited`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import yaml

from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.access_models import AccessFile
from tdsec_gov.policy.yamlfile import model_in

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A YAML document and its nodes. Positions are characters."""

    text: str

    @property
    def root(self) -> yaml.Node:
        """Raises PolicyInvalid: not YAML, or empty."""
        try:
            node = yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            node = None
        if node is None:
            raise PolicyInvalid("broken YAML", hint="mend the file")
        return node

    def at(self, path: Path) -> yaml.Node | None:
        """The node below these keys and positions, None where there is none."""
        node: yaml.Node | None = self.root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == step), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                return None
        return node

    def without(self, path: Path, wanted: Callable[[yaml.Node], bool]) -> Text:
        """The items of the list at ``path`` that are ``wanted`` taken out."""
        text = self
        while True:
            node = text.at(path)
            items = node.value if isinstance(node, yaml.SequenceNode) else []
            place = next((number for number, item in enumerate(items) if wanted(item)), None)
            if place is None or not isinstance(node, yaml.SequenceNode):
                return text
            text = text._flow_without(node, place) if node.flow_style else text._block_without(node, place)

    def with_item(self, path: Path, item: str) -> Text:
        """``item`` put at the end of the list at ``path``, which is there."""
        node = self.at(path)
        if not isinstance(node, yaml.SequenceNode):
            raise PolicyInvalid("not a list", found=".".join(map(str, path)))
        if node.flow_style:
            end = node.end_mark.index - 1
            return self._put(end, end, f", {item}" if node.value else item)
        last = node.value[-1]
        indent = " " * (node.start_mark.column)
        end = self._line_end(_last_index(last))
        return self._put(end, end, f"\n{indent}- {item}")

    def with_key(self, path: Path, line: str) -> Text:
        """``line`` (``key: value``) put first into the mapping at ``path``, which is there."""
        node = self.at(path)
        if not isinstance(node, yaml.MappingNode):
            raise PolicyInvalid("not a mapping", found=".".join(map(str, path)))
        if node.flow_style:
            start = node.start_mark.index + 1
            return self._put(start, start, f"{line}, " if node.value else line)
        start = node.start_mark.index
        return self._put(start, start, f"{line}\n{' ' * node.start_mark.column}")

    def _flow_without(self, node: yaml.SequenceNode, place: int) -> Text:
        items = node.value
        if place + 1 < len(items):
            return self._put(items[place].start_mark.index, items[place + 1].start_mark.index, "")
        start = items[place - 1].end_mark.index if place else items[place].start_mark.index
        return self._put(start, items[place].end_mark.index, "")

    def _block_without(self, node: yaml.SequenceNode, place: int) -> Text:
        """The lines of the item go, from its dash to its last value; comments beside it stay."""
        item = node.value[place]
        dash = self.text.rfind("-", 0, item.start_mark.index)
        start, end = self.text.rfind("\n", 0, dash) + 1, self._line_end(_last_index(item))
        if len(node.value) == 1:
            return self._put(dash, end, "[]")
        return self._put(start, min(end + 1, len(self.text)), "")

    def _line_end(self, index: int) -> int:
        end = self.text.find("\n", index)
        return len(self.text) if end < 0 else end

    def _put(self, start: int, end: int, new: str) -> Text:
        return Text(self.text[:start] + new + self.text[end:])


def _last_index(node: yaml.Node) -> int:
    """Position behind the last value of a node; a block's own end lies behind the comments after it."""
    index: int = node.end_mark.index
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_index(last[1] if isinstance(node, yaml.MappingNode) else last)
    return index - 1 if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") else index


def edited(text: Text, meant: AccessFile, where: str) -> bytes:
    """The bytes of ``text``, if they say exactly what is ``meant``.

    Raises:
        PolicyInvalid: they do not; the file has a layout that this editor does not know.
    """
    data = text.text.encode()
    try:
        found = model_in(data, where, AccessFile)
    except PolicyInvalid:
        found = None
    if found != meant:
        raise PolicyInvalid(
            "this file cannot be edited by machine: its layout is unusual",
            where=where,
            hint="make the change by hand, then run: tdsec vault rotate",
        )
    return data
