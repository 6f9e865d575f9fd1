"""Export scikit-learn's handwritten digits as digits.csv beside this file: the same bytes every time."""

from __future__ import annotations

from pathlib import Path

from sklearn.datasets import load_digits


def main() -> None:
    frame = load_digits()
    names = [f"pixel_{index:02d}" for index in range(64)] + ["label"]
    rows = [[*map(int, row), int(label)] for row, label in zip(frame.data, frame.target, strict=True)]
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    Path(__file__).with_name("digits.csv").write_bytes(("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
