"""A trace from Jaeger's API: its spans, as a tree for a terminal and as an image for a page."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from rich.text import Text
from rich.tree import Tree

COLORS = ("#3b6fb6", "#b5582c", "#4c8c4a", "#8a5aa3", "#97803a", "#3f8a8c")
_ROW, _NAMES, _BARS, _MARGIN = 24, 520, 420, 16


@dataclass(frozen=True)
class Span:
    """A span; `start` and `duration` are in microseconds."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str | None
    start: int
    duration: int
    tags: Mapping[str, Any]
    resource: Mapping[str, Any]


def read_spans(response: Mapping[str, Any]) -> list[Span]:
    """The spans in a response of `/api/traces/…`, in the order of their start; none if there is no such trace."""
    spans = []
    for trace in response.get("data") or ():
        for span in trace["spans"]:
            process = trace["processes"][span["processID"]]
            tags = {tag["key"]: tag["value"] for tag in span["tags"]}
            parents = [ref["spanID"] for ref in span.get("references", ()) if ref["refType"] == "CHILD_OF"]
            spans.append(
                Span(
                    process["serviceName"],
                    span["operationName"],
                    str(tags.get("span.kind", "internal")),
                    span["traceID"],
                    span["spanID"],
                    parents[0] if parents else None,
                    span["startTime"],
                    span["duration"],
                    tags,
                    {tag["key"]: tag["value"] for tag in process.get("tags", ())},
                )
            )
    return sorted(spans, key=lambda span: span.start)


def ordered(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Each span with its depth, children after their parent; a span whose parent is missing is a root."""
    children: dict[str | None, list[Span]] = defaultdict(list)
    known = {span.span_id for span in spans}
    for span in spans:
        children[span.parent_id if span.parent_id in known else None].append(span)

    def below(parent: str | None, depth: int) -> Iterator[tuple[int, Span]]:
        for span in children[parent]:
            yield depth, span
            yield from below(span.span_id, depth + 1)

    return below(None, 0)


def colors(spans: Sequence[Span]) -> dict[str, str]:
    """A color for each service, in the order of `ordered`."""
    services = dict.fromkeys(span.service for _, span in ordered(spans))
    return {service: COLORS[number % len(COLORS)] for number, service in enumerate(services)}


def tree(spans: Sequence[Span]) -> Tree:
    """The trace as a tree for a terminal."""
    color = colors(spans)
    root = Tree(Text(f"trace {spans[0].trace_id}", style="bold"))
    branches = {-1: root}
    for depth, span in ordered(spans):
        label = Text.assemble(
            (span.service, f"bold {color[span.service]}"),
            f"  {_short(span)}  ",
            (f"{span.kind}, {span.duration / 1000:.1f} ms{_hop(span)}", "dim"),
        )
        branches[depth] = branches[depth - 1].add(label)
    return root


def svg(spans: Sequence[Span]) -> str:
    """The tree as an image, with bars over time."""
    rows, color = list(ordered(spans)), colors(spans)
    start, end = min(span.start for span in spans), max(span.start + span.duration for span in spans)
    scale = _BARS / max(end - start, 1)
    width, height = _NAMES + _BARS + 2 * _MARGIN + 190, (len(rows) + 2) * _ROW + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        ' font-family="ui-monospace, monospace" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="{_MARGIN + 12}" fill="#111111" font-weight="bold">trace {spans[0].trace_id}: '
        f"{len(spans)} spans, {len(color)} services, {(end - start) / 1000:.1f} ms</text>",
    ]
    for row, (depth, span) in enumerate(rows):
        y = _MARGIN + (row + 1) * _ROW + 10
        x, bar = _MARGIN + depth * 18, _MARGIN + _NAMES + (span.start - start) * scale
        length = max(span.duration * scale, 2)
        if row % 2:
            parts.append(f'<rect x="0" y="{y}" width="{width}" height="{_ROW}" fill="#f4f5f7"/>')
        if depth:
            parts.append(f'<path d="M{x - 10} {y} V{y + 12} H{x - 3}" fill="none" stroke="#9aa0a8"/>')
        parts += [
            f'<text x="{x}" y="{y + 16}"><tspan fill="{color[span.service]}" font-weight="bold">'
            f'{escape(span.service)}</tspan><tspan dx="7" fill="#111111">{escape(_short(span))}</tspan></text>',
            f'<rect x="{bar:.1f}" y="{y + 6}" width="{length:.1f}" height="12" rx="2" fill="{color[span.service]}"/>',
            f'<text x="{bar + length + 4:.1f}" y="{y + 16}" fill="#5a6069" font-size="10">'
            f"{span.duration / 1000:.1f} ms{_hop(span)}</text>",
        ]
    parts.append("</svg>\n")
    return "\n".join(parts)


def _short(span: Span) -> str:
    """The name of a span without the part that all names of objects start with."""
    for prefix in ("/api/class/{cls}/{partition}", "oprc/{class}/{partition}"):
        if prefix in span.name:
            return span.name.replace(prefix, "…")
    return span.name


def _hop(span: Span) -> str:
    """The routers that a query goes through: they have no spans, but the sender knows which they are."""
    routers = json.loads(span.tags.get("oaas.zenoh.router", "[]"))
    return "".join(f", via router {router[:6]}" for router in routers)
