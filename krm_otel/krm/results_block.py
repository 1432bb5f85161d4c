"""`results` in the text of a ResourceList: the one key that is written anew on every run."""

from __future__ import annotations

from typing import Any

from krm_otel.krm.members import Edit
from krm_otel.yamltext import emit
from krm_otel.yamltext.scan import Document, Span


def results_edits(text: str, top: Document, results: list[dict[str, Any]]) -> list[Edit]:
    """Edits that write `results`, in the place of old ones where there are some; without results the key goes."""
    old = top.keys.get("results")
    newline = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
    if top.root.flow:
        return _flow_results(text, top, old, results)
    first = top.pairs[0][0]
    column = min(key.column for key, _ in top.pairs)  # `? key` stands deeper than the others
    lines = [" " * column + line for line in emit.entry("results", results)] if results else []
    block = "".join(line + newline for line in lines)
    if old is not None:
        start = text.rfind("\n", 0, old[0].start) + 1
        following = [key.start for key, _ in top.pairs if key.start > old[0].start]
        end = text.rfind("\n", 0, min(following)) + 1 if following else top.end
        return [(start, _without_trailing_comments(text, start, end, column), block)]
    if not results:
        return []
    if text[top.end - 1] != "\n":
        # Nothing may be added to a last line without an end: it can be part of a block scalar.
        start = text.rfind("\n", 0, first.start) + 1
        return [(start, start, block)]
    return [(top.end, top.end, block)]


def _without_trailing_comments(text: str, start: int, end: int, column: int) -> int:
    """Where lines end, without the blank lines and comments at the margin behind them: these belong to what follows."""
    while end > start:
        line = max(text.rfind("\n", 0, end - 1) + 1, start)
        content = text[line:end].strip()
        if content and not text[line:end][column:].startswith("#"):
            break
        end = line
    return end


def _flow_results(text: str, top: Document, old: tuple[Span, Span] | None, results: list[dict[str, Any]]) -> list[Edit]:
    """`results` in a ResourceList written as JSON: always the last member, on a line of its own where others are."""
    others = [pair for pair in top.pairs if pair is not old]
    last = others[-1][1].end
    edits = []
    if old is not None:
        before = [value.end for _, value in others if value.end <= old[0].start]
        after = [key.start for key, _ in others if key.start >= old[1].end]
        edits.append((before[-1], old[1].end, "") if before else (old[0].start, after[0], ""))
    if results:
        line_start = text.rfind("\n", 0, others[-1][0].start) + 1
        indent = text[line_start : others[-1][0].start]
        separator = "\n" + indent if line_start and not indent.strip() else " "
        edits.append((last, last, f',{separator}"results": {emit.flow(results)}'))
    if len(edits) == 2 and edits[0][0] == last:
        return [(last, edits[0][1], edits[1][2])]
    return edits
