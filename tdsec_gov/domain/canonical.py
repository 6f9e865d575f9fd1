"""Canonical bytes (RFC 8785, JSON Canonicalization Scheme) and strict JSON reading."""

from __future__ import annotations

import hashlib
import json
from typing import NoReturn

import rfc8785

from tdsec_gov.errors import IntegrityError, InternalError

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


def canonical_bytes(value: JsonValue) -> bytes:
    """Bytes of ``value`` in RFC 8785 form.

    Raises:
        InternalError: the value has no canonical form (NaN, a number beyond 2**53, a non-string key).
    """
    if _plain(value):
        return _dump(value).encode()
    _refuse_unreadable(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as exc:
        raise InternalError("value has no canonical JSON form", found=type(exc).__name__) from exc


_dump = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""RFC 8785 for all that :func:`_plain` lets through, ten times as fast as rfc8785 (which tests compare)."""


def _plain(value: JsonValue) -> bool:
    """Nothing in which RFC 8785 and Python's encoder could differ: floats, large integers, keys that
    are not ASCII (sorted as UTF-16 there), lone surrogates."""
    waiting: list[JsonValue] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if not (one.isascii() or _encodable(one)):
                return False
        elif isinstance(one, dict):
            if not all(type(key) is str and key.isascii() for key in one):
                return False
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif type(one) is int:
            if not -(2**53) < one < 2**53:
                return False
        elif one is not None and type(one) is not bool:
            return False
    return True


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_unreadable(value: JsonValue) -> None:
    """A float of 2**53 or more is written like an integer that no strict reader takes back."""
    if isinstance(value, float) and abs(value) >= 2**53:
        raise InternalError("number is too large for canonical JSON", expected="below 2**53")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_unreadable(inner)


def _pairs(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError("duplicate key")
        result[key] = value
    return result


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def parse_json(data: bytes | str, what: str = "JSON document") -> JsonValue:
    """Read JSON strictly: UTF-8, no duplicate keys, no NaN, no trailing text.

    Raises:
        IntegrityError: the bytes are not such JSON (the text itself is never quoted).
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value: JsonValue = json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse_constant)
        return value
    except (ValueError, RecursionError) as exc:
        raise IntegrityError(f"{what} is not strict JSON", found=type(exc).__name__) from None


def parse_object(data: bytes | str, what: str = "JSON document") -> dict[str, JsonValue]:
    """Like :func:`parse_json`, and the outermost value is an object.

    Raises:
        IntegrityError: it is not.
    """
    value = parse_json(data, what)
    if not isinstance(value, dict):
        raise IntegrityError(f"{what} is not a JSON object", found=type(value).__name__)
    return value


def parse_canonical(data: bytes, what: str = "JSON document") -> dict[str, JsonValue]:
    """Read an object that must be written exactly as :func:`canonical_bytes` writes it.

    Writing it again and comparing refuses doubled keys and everything else that is loose.

    Raises:
        IntegrityError: other bytes.
    """
    try:
        value: JsonValue = json.loads(data)
        if isinstance(value, dict) and canonical_bytes(value) == data:
            return value
    except (ValueError, RecursionError, InternalError) as exc:
        raise IntegrityError(f"{what} is not strict JSON", found=type(exc).__name__) from None
    raise IntegrityError(f"{what} is not in canonical form")


def sha256_hex(data: bytes) -> str:
    """SHA-256 of ``data`` as 64 lower-case hexadecimal digits (FIPS 180-4)."""
    return hashlib.sha256(data).hexdigest()
