"""Read a check's settings strictly: every fault is collected and all are named at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import PolicyInvalid

T = TypeVar("T")


class Params:
    """Settings of one check; ask for each known one, then call :meth:`done`."""

    def __init__(self, check: str, given: Mapping[str, JsonValue]) -> None:
        self._check = check
        self._given = given
        self._known: list[str] = []
        self._faults: list[str] = []

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        value = self._take(name, default)
        if isinstance(value, str) and value in options:
            return value
        return self._fault(name, f"one of {', '.join(options)}", default)

    def number(self, name: str, default: float | None, low: float, high: float) -> float | None:
        value = self._take(name, default)
        if value is None and default is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return value
        return self._fault(name, f"a number from {low:g} to {high:g}", default)

    def share(self, name: str, default: float) -> float:
        """A number from 0 to 1."""
        value = self.number(name, default, 0, 1)
        return default if value is None else value

    def flag(self, name: str, default: bool) -> bool:
        value = self._take(name, default)
        return value if isinstance(value, bool) else self._fault(name, "true or false", default)

    def text(self, name: str) -> str:
        """A non-empty string that has no default."""
        value = self._take(name, None)
        return value if isinstance(value, str) and value else self._fault(name, "a name", "")

    def strings(
        self, name: str, default: Sequence[str] = (), options: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        """A list of strings, each one of ``options`` where these are given."""
        value = self._take(name, list(default))
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            words = tuple(str(one) for one in value)
            if options is None or set(words) <= set(options):
                return words
        wanted = "names" if options is None else f"names from {', '.join(options)}"
        return self._fault(name, f"a list of {wanted}", tuple(default))

    def records(
        self, name: str, keys: Sequence[str], options: Mapping[str, Sequence[str]]
    ) -> tuple[dict[str, str], ...]:
        """A list of mappings, each with exactly ``keys`` and non-empty strings, some from ``options``."""
        value = self._take(name, [])
        found = [dict(one) for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
        good = [one for one in found if set(one) == set(keys) and _fit(one, options)]
        if isinstance(value, list) and len(good) == len(value):
            return tuple({key: str(item) for key, item in one.items()} for one in good)
        choices = "; ".join(f"{key} is one of {', '.join(some)}" for key, some in options.items())
        return self._fault(name, f"a list of {{{', '.join(keys)}}} ({choices})", ())

    def done(self) -> None:
        """Raises PolicyInvalid when a setting is unknown or malformed."""
        unknown = [f"{key!r} is not a setting" for key in sorted(set(self._given) - set(self._known))]
        faults = self._faults + unknown
        if faults:
            known = f"settings: {', '.join(self._known)}"
            raise PolicyInvalid("; ".join(faults), where=f"check {self._check}", expected=known)

    def _take(self, name: str, default: JsonValue) -> JsonValue:
        self._known.append(name)
        return self._given.get(name, default)

    def _fault(self, name: str, expected: str, default: T) -> T:
        self._faults.append(f"{name!r} is not {expected}")
        return default


def _fit(item: Mapping[str, JsonValue], options: Mapping[str, Sequence[str]]) -> bool:
    texts = all(isinstance(one, str) and one.strip() for one in item.values())
    return texts and all(item[key] in some for key, some in options.items() if key in item)
