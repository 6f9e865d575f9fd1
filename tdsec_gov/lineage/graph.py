"""The graph of a run as inline SVG: source -> dataset version -> run."""

from __future__ import annotations

from html import escape

from tdsec_gov.domain.lineage import LineageRecord, UsedDataset

MAX_NODES = 24
_WIDTH, _HIGH, _GAP, _TOP = 292, 58, 18, 34
_COLUMNS = (4, 372, 740)
_TOTAL = _COLUMNS[2] + _WIDTH + 4


def graph(record: LineageRecord) -> str:
    """An ``<svg>`` element; more than :data:`MAX_NODES` datasets are drawn as one more node."""
    shown = list(record.datasets[:MAX_NODES])
    sources = list(dict.fromkeys(one.source for one in shown))
    rows = max(len(shown) + (len(record.datasets) > MAX_NODES), len(sources), 1)
    height = _TOP + rows * (_HIGH + _GAP) - _GAP + 8
    places = _column(len(shown), height)
    origins = dict(zip(sources, _column(len(sources), height), strict=True))
    run = _column(1, height)[0]
    edges, nodes = [], []
    for one, top in zip(shown, places, strict=True):
        kind = _kind(one)
        edges.append(_edge(0, origins[one.source], top, kind))
        edges.append(_edge(1, top, run, kind))
        nodes.append(_box(1, top, one.name, _describe(one), kind))
    for source, top in origins.items():
        said = "source record" if source else "no signed source"
        nodes.append(_box(0, top, source or "unknown", said, "" if source else "bad"))
    if not shown:
        edges.append(_edge(1, run, run, "bad"))
        nodes.append(_box(1, run, "unknown", "no dataset was named", "bad"))
    if len(record.datasets) > MAX_NODES:
        text = f"and {len(record.datasets) - MAX_NODES} more, listed in the record"
        nodes.append(f'<text class="sub" x="{_COLUMNS[1]}" y="{height - 6}">{text}</text>')
    good = "good" if record.state.value == "verified" else "bad"
    nodes.append(_box(2, run, f"run {record.run_id[:8]}", record.status.capitalize(), good))
    heads = zip(_COLUMNS, ("SOURCE", "DATASET VERSION", "RUN"), strict=True)
    titles = "".join(f'<text class="head" x="{x + 2}" y="16">{text}</text>' for x, text in heads)
    return (
        f'<svg viewBox="0 0 {_TOTAL} {height}" width="{_TOTAL}" height="{height}" role="img" '
        f'aria-label="Lineage graph" xmlns="http://www.w3.org/2000/svg">'
        f"{titles}{''.join(edges)}{''.join(nodes)}</svg>"
    )


def _column(count: int, height: int) -> list[int]:
    """Tops of ``count`` boxes, centred."""
    free = height - _TOP - 8 - count * (_HIGH + _GAP) + _GAP
    return [_TOP + free // 2 + index * (_HIGH + _GAP) for index in range(count)]


def _kind(one: UsedDataset) -> str:
    if not one.verified:
        return "bad"
    return "warn" if one.result == "WARNED" else "good"


def _describe(one: UsedDataset) -> str:
    if not one.verified:
        return "unverified"
    return f"{one.root[:12]} · {one.result} · {', '.join(one.signers)}"


def _edge(column: int, start: int, end: int, kind: str) -> str:
    left, right = _COLUMNS[column] + _WIDTH, _COLUMNS[column + 1]
    y1, y2, middle = start + _HIGH // 2, end + _HIGH // 2, (left + right) // 2
    return f'<path class="edge {kind}" d="M{left} {y1}C{middle} {y1} {middle} {y2} {right} {y2}"/>'


def _box(column: int, top: int, title: str, text: str, kind: str) -> str:
    x = _COLUMNS[column]
    return (
        f'<g><title>{escape(title)}: {escape(text)}</title><rect class="box {kind}" x="{x}" y="{top}" '
        f'width="{_WIDTH}" height="{_HIGH}" rx="10"/><text x="{x + 14}" y="{top + 25}">'
        f'{escape(_middle(title, 32))}</text><text class="sub" x="{x + 14}" y="{top + 44}">'
        f"{escape(_middle(text, 38))}</text></g>"
    )


def _middle(text: str, limit: int) -> str:
    """``text`` cut in the middle, so that both ends of a path stay readable."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[-(limit - 1 - head) :]}"
