"""Figures in words."""

from __future__ import annotations

from tdsec_gov.domain.words import size_words


def test_sizes_keep_the_exact_figure() -> None:
    assert [size_words(size) for size in (0, 1023, 1536, 5 << 30)] == [
        "0 bytes",
        "1,023 bytes",
        "1.5 KiB (1,536 bytes)",
        "5.0 GiB (5,368,709,120 bytes)",
    ]
