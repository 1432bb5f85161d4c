"""The output as one stream of documents, for standard output or a single file."""

from __future__ import annotations

from krm_otel.cli.inputs.files import Inputs
from krm_otel.krm.cluster_objects import cluster_objects, counted, is_local
from krm_otel.krm.item import Item
from krm_otel.plan.objects.header import without_header
from krm_otel.run import Outcome


def stream(inputs: Inputs, outcome: Outcome) -> tuple[bytes, str]:
    """All texts as one: standard input in its own form, files as one stream of the objects that a cluster knows.

    It has no file that cannot be read: a reader would fail there and miss what follows.

    Returns:
        The stream, and what is left out of it, as people count it; empty where everything is in it.
    """
    if not inputs.files:
        return (outcome.texts[0] or "").encode(), ""
    local: dict[str, list[Item]] = {}
    for item in outcome.items:
        if is_local(item):
            local.setdefault(item.file, []).append(item)
    with_objects = {item.file for item in outcome.items}
    pieces: list[bytes] = []
    for file, text in zip(inputs.files, outcome.texts, strict=True):
        if file.source.name not in with_objects:  # comments alone
            continue
        kept = text if text is None or file.source.name not in local else cluster_objects(text)
        if kept is None or not kept.strip():
            continue
        data = kept.encode()
        if pieces:
            pieces.append(b"" if pieces[-1].endswith(b"\n") else b"\n")
            pieces.append(b"" if data.startswith(b"---") else b"---\n")
        pieces.append(data)
    for text in outcome.new_files.values():
        pieces.append(b"" if not pieces or pieces[-1].endswith(b"\n") else b"\n")
        pieces.append(without_header(text).encode())
    return b"".join(pieces), counted(item for items in local.values() for item in items)
