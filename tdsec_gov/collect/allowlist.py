"""The allowlist of a source record: which locations its data may come from. Nothing else is.

Patterns are read in the same one form as locations. For a URL: scheme, host and port exactly (``*.`` before
a host: any host below it, not itself), the path as a glob (``*`` within a segment, ``**`` across). No path
stands for the whole host, a path that ends with ``/`` for all below it. A query is allowed only
where the pattern ends with ``?*``. For this machine: an absolute path, or one from the repository's root,
as a glob.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from tdsec_gov.collect.location import WEB, Location, location
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.errors import PolicyInvalid, UsageError
from tdsec_gov.policy.globs import matches
from tdsec_gov.policy.source_models import Source

_WHERE = "policies/sources.yaml"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry: ``base`` holds scheme, host and port; ``glob`` is for the path."""

    base: Location
    below: bool
    glob: str
    query: bool

    def allows(self, place: Location) -> bool:
        if place.is_path != self.base.is_path:
            return False
        if not place.is_path and not self._host(place):
            return False
        return (not place.query or self.query) and matches(self.glob, place.path)

    def _host(self, place: Location) -> bool:
        same = place.host == self.base.host
        if self.below:
            same = place.host.endswith(f".{self.base.host}")
        if (self.base.scheme, place.scheme) == ("http", "https") and {self.base.port, place.port} == {None}:
            return same
        return same and place.scheme == self.base.scheme and place.port == self.base.port


@dataclass(frozen=True, slots=True)
class Allowlist:
    """Where one source's data may come from: its patterns, and its pinned locations themselves."""

    source: str
    patterns: tuple[Pattern, ...]
    pinned: tuple[Location, ...] = ()

    @classmethod
    def of(cls, source: Source, root: Path) -> Allowlist:
        """Raises PolicyInvalid: a pattern or pinned location is malformed."""
        patterns = tuple(_pattern(one, root, source.id) for one in source.allowed_locations)
        return cls(source.id, patterns, tuple(pinned(source, root)))

    def require(self, place: Location, what: str = "the location") -> None:
        """Raises Rejected unless ``place`` is allowed."""
        if place in self.pinned or any(one.allows(place) for one in self.patterns):
            return
        hint = f"add it to allowed_locations of source '{self.source}' in {_WHERE}, with a review"
        if place.query and self.allows_without_query(place):
            hint = "only a pattern that ends with '?*' allows a query"
        raise Rejected(
            f"{what} is not allowed for source '{self.source}'",
            where=place.shown,
            expected="one of its allowed_locations" if self.patterns else "any allowed_locations on record",
            hint=hint,
        )

    def allows_without_query(self, place: Location) -> bool:
        bare = replace(place, query="")
        return any(one.allows(bare) for one in self.patterns)


def pinned(source: Source, root: Path) -> list[Location]:
    """The pinned locations of a record, in order. Raises PolicyInvalid: one is malformed."""
    try:
        return [location(one.url, root) for one in source.locations]
    except UsageError as exc:
        raise _broken(source.id, exc) from None


def _pattern(text: str, root: Path, source: str) -> Pattern:
    try:
        return _file_pattern(text, root) if _on_this_machine(text) else _url_pattern(text, root)
    except UsageError as exc:
        raise _broken(source, exc) from None


def _on_this_machine(text: str) -> bool:
    return "://" not in text or text.lower().startswith("file://")


def _url_pattern(text: str, root: Path) -> Pattern:
    query = text.endswith("?*")
    scheme, _, rest = text.removesuffix("?*").partition("://")
    host, slash, path = rest.partition("/")
    below = host.startswith("*.")
    base = location(f"{scheme}://{host.removeprefix('*.')}/", root)
    if "?" in path or "#" in path or ("%" in path and base.scheme in WEB):
        raise UsageError("the pattern has characters with a meaning of their own", expected="a plain path")
    if any(step in (".", "..") for step in path.split("/")):
        raise UsageError("the pattern climbs out of its folder", expected="a path without '..'")
    glob = f"/{path}" if slash else "/"
    return Pattern(base, below, f"{glob}**" if glob.endswith("/") else glob, query)


def _file_pattern(text: str, root: Path) -> Pattern:
    plain = re.sub(r"\Afile://(localhost)?(?=/)", "", text, flags=re.I)
    if not plain or "://" in plain or ".." in plain.split("/") or "\0" in plain:
        raise UsageError("the pattern is no path of this machine", expected="/folder/** or folder/**")
    steps = plain.split("/")
    literal = 0
    while literal < len(steps) and not re.search(r"[*?]", steps[literal]):
        literal += 1
    fixed = os.path.realpath(root / ("/".join(steps[:literal]) or ("/" if plain.startswith("/") else ".")))
    rest = "/".join(steps[literal:])
    glob = f"{fixed.rstrip('/')}/{rest}" if rest else fixed
    return Pattern(Location("", "", fixed), False, f"{glob}/**" if plain.endswith("/") else glob, False)


def _broken(source: str, exc: UsageError) -> PolicyInvalid:
    return PolicyInvalid(
        f"source '{source}': {exc.message}", where=_WHERE, expected=exc.expected, hint="see docs/policy.md"
    )
