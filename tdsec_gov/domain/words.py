"""How figures are put into words for people, the same everywhere."""

from __future__ import annotations


def size_words(size: int) -> str:
    """Bytes for people, with the exact figure."""
    value, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{size:,} bytes" if unit == "B" else f"{value:.1f} {unit} ({size:,} bytes)"
