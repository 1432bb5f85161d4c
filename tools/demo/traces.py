"""A trace as Jaeger's API gives it: spans, a tree for a terminal, a picture for a page."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from rich.text import Text
from rich.tree import Tree

COLOURS = ("#3b6fb6", "#b5582c", "#4c8c4a", "#8a5aa3", "#97803a", "#3f8a8c")
_ROW, _NAMES, _BARS, _MARGIN = 24, 520, 420, 16


@dataclass(frozen=True)
class Span:
    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str | None
    start: int
    """In microseconds, as `duration`."""
    duration: int
    tags: Mapping[str, Any]
    resource: Mapping[str, Any]


def read(answer: Mapping[str, Any]) -> list[Span]:
    """Spans of an answer of `/api/traces/…`, in the order of their start; none where there is no such trace."""
    found = []
    for trace in answer.get("data") or ():
        for span in trace["spans"]:
            process = trace["processes"][span["processID"]]
            tags = {tag["key"]: tag["value"] for tag in span["tags"]}
            parents = [one["spanID"] for one in span.get("references", ()) if one["refType"] == "CHILD_OF"]
            found.append(
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
    return sorted(found, key=lambda span: span.start)


def ordered(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Each span with its depth, children below their parent; those whose parent is not here are roots."""
    children: dict[str | None, list[Span]] = defaultdict(list)
    here = {span.span_id for span in spans}
    for span in spans:
        children[span.parent_id if span.parent_id in here else None].append(span)

    def below(parent: str | None, depth: int) -> Iterator[tuple[int, Span]]:
        for span in children[parent]:
            yield depth, span
            yield from below(span.span_id, depth + 1)

    return below(None, 0)


def colours(spans: Sequence[Span]) -> dict[str, str]:
    """One for each service, in the order in which they appear."""
    services = dict.fromkeys(span.service for _, span in ordered(spans))
    return {service: COLOURS[number % len(COLOURS)] for number, service in enumerate(services)}


def tree(spans: Sequence[Span]) -> Tree:
    colour = colours(spans)
    root = Tree(Text(f"trace {spans[0].trace_id}", style="bold"))
    branches = {-1: root}
    for depth, span in ordered(spans):
        label = Text.assemble(
            (span.service, f"bold {colour[span.service]}"),
            f"  {_short(span)}  ",
            (f"{span.kind}, {span.duration / 1000:.1f} ms{_hop(span)}", "dim"),
        )
        branches[depth] = branches[depth - 1].add(label)
    return root


def svg(spans: Sequence[Span]) -> str:
    """The same tree with bars over time."""
    rows, colour = list(ordered(spans)), colours(spans)
    start, end = min(span.start for span in spans), max(span.start + span.duration for span in spans)
    scale = _BARS / max(end - start, 1)
    width, height = _NAMES + _BARS + 2 * _MARGIN + 190, (len(rows) + 2) * _ROW + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        ' font-family="ui-monospace, monospace" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="{_MARGIN + 12}" fill="#111111" font-weight="bold">trace {spans[0].trace_id}: '
        f"{len(spans)} spans, {len(colour)} services, {(end - start) / 1000:.1f} ms</text>",
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
            f'<text x="{x}" y="{y + 16}"><tspan fill="{colour[span.service]}" font-weight="bold">'
            f'{escape(span.service)}</tspan><tspan dx="7" fill="#111111">{escape(_short(span))}</tspan></text>',
            f'<rect x="{bar:.1f}" y="{y + 6}" width="{length:.1f}" height="12" rx="2" fill="{colour[span.service]}"/>',
            f'<text x="{bar + length + 4:.1f}" y="{y + 16}" fill="#5a6069" font-size="10">'
            f"{span.duration / 1000:.1f} ms{_hop(span)}</text>",
        ]
    parts.append("</svg>\n")
    return "\n".join(parts)


def _short(span: Span) -> str:
    """Without what every name of an object has in front."""
    for long in ("/api/class/{cls}/{partition}", "oprc/{class}/{partition}"):
        if long in span.name:
            return span.name.replace(long, "…")
    return span.name


def _hop(span: Span) -> str:
    """The router that a query goes through makes no span; the one that sends it knows which it is."""
    routers = json.loads(span.tags.get("oaas.zenoh.router", "[]"))
    return "".join(f", via router {router[:6]}" for router in routers)
