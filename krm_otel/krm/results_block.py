"""`results` in the text of a ResourceList: the only key that every run rewrites."""

from __future__ import annotations

from typing import Any

from krm_otel.yamltext import emit
from krm_otel.yamltext.documents.spans import Document, Span
from krm_otel.yamltext.layout import line_start
from krm_otel.yamltext.splices import Splice


def results_splices(text: str, resource_list: Document, results: list[dict[str, Any]]) -> list[Splice]:
    """Splices that write `results` in the place of old ones; without results they remove the key."""
    old = resource_list.keys.get("results")
    newline = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
    if resource_list.root.flow:
        return _flow_results(text, resource_list, old, results)
    column = min(key.column for key, _ in resource_list.pairs)  # `? key` is deeper than the others
    lines = [" " * column + line for line in emit.entry("results", results)] if results else []
    block = "".join(line + newline for line in lines)
    if old is not None:
        start = line_start(text, old[0].start)
        following = [key.start for key, _ in resource_list.pairs if key.start > old[0].start]
        end = line_start(text, min(following)) if following else resource_list.end
        return [(start, _without_trailing_comments(text, start, end, column), block)]
    if not results:
        return []
    if text[resource_list.end - 1] != "\n":
        # The last line has no line break and may be part of a block scalar, so nothing can follow it.
        start = line_start(text, resource_list.pairs[0][0].start)
        return [(start, start, block)]
    return [(resource_list.end, resource_list.end, block)]


def _without_trailing_comments(text: str, start: int, end: int, column: int) -> int:
    """The end of the lines without the blank lines and comments at the margin after them, which belong to what
    follows."""
    while end > start:
        line = max(line_start(text, end - 1), start)
        content = text[line:end].strip()
        if content and not text[line:end][column:].startswith("#"):
            break
        end = line
    return end


def _flow_results(
    text: str, resource_list: Document, old: tuple[Span, Span] | None, results: list[dict[str, Any]]
) -> list[Splice]:
    """`results` in a ResourceList written as JSON: always the last member, on its own line where the others are."""
    others = [pair for pair in resource_list.pairs if pair is not old]
    last = others[-1][1].end
    splices = []
    if old is not None:
        before = [value.end for _, value in others if value.end <= old[0].start]
        after = [key.start for key, _ in others if key.start >= old[1].end]
        splices.append((before[-1], old[1].end, "") if before else (old[0].start, after[0], ""))
    if results:
        line = line_start(text, others[-1][0].start)
        indent = text[line : others[-1][0].start]
        separator = "\n" + indent if line and not indent.strip() else " "
        splices.append((last, last, f',{separator}"results": {emit.flow(results)}'))
    if len(splices) == 2 and splices[0][0] == last:
        return [(last, splices[0][1], splices[1][2])]
    return splices
