"""Symptom: one thing that ``tdsec doctor`` looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symptom:
    """In order or not, and what mends it."""

    name: str
    healthy: bool
    text: str
    fix: str = ""
