"""Envelopes: what a function's input is wrapped in, as spans of the original text.

A ResourceList (KRM Functions Specification v1) holds `items`; a plain stream holds one object a document, or several
in a `kind: List`. Either way the envelope gives the items in order, each a span; nothing is decoded before it is
asked for, and nothing is serialised again: `Envelope.splice` writes the text back with some spans replaced.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import ReferenceType, ref

from krm_otel.diagnostics.result import Ref, Result
from krm_otel.krm.members import (
    Edit,
    Member,
    append_documents,
    append_to_list,
    remove_documents,
    remove_from_list,
    written,
)
from krm_otel.krm.resource import Resource
from krm_otel.krm.results_block import results_edits
from krm_otel.yamltext.nodes import Alias, Node, SourceError
from krm_otel.yamltext.nodes import Mapping as MappingNode
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import walk
from krm_otel.yamltext.scan import Broken, Document, Span, documents, readable

API_VERSIONS: Final = tuple(f"config.kubernetes.io/{v}" for v in ("v1", "v1beta1", "v1alpha1"))
_BOM: Final = "\ufeff"


@dataclass(slots=True)
class Item:
    """One object of the input.

    `start` and `end` are its place in `source`, the envelope's text. What follows an object up to the next one
    (comments, blank lines) is part of it where both are in block style.
    """

    source: str = field(repr=False)
    start: int
    end: int
    column: int
    position: int
    api_version: str
    kind: str
    file: str = ""
    file_index: int | None = None
    flow: bool = False
    _resource: ReferenceType[Resource] | None = None

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def text(self) -> str:
        """The object alone, indented as it stands in the input, so that columns are the same."""
        return _alone(self.source, self.start, self.end, self.column)

    @property
    def resource(self) -> Resource | None:
        """The object, composed when it is asked for and nobody has it any more: all of them together would be the
        most of a run's memory. None where it is no mapping, or cannot be read alone (then the envelope's faults say
        so)."""
        found = self._resource() if self._resource is not None else None
        if found is None:
            try:
                found = self.read(self.text)
            except SourceError:
                return None
            self._resource = None if found is None else ref(found)
        return found

    def mentions(self, word: str) -> bool:
        """Whether a word stands anywhere in the object's text: a cheap first question."""
        return self.source.find(word, self.start, self.end) >= 0

    def read(self, text: str) -> Resource | None:
        """Another text of the same object; raises SourceError."""
        root = compose(text)
        if not isinstance(root, MappingNode):
            return None
        return Resource(root, self.position, self.file, self.file_index)


@dataclass(slots=True)
class Envelope:
    """One input text. `top` is the ResourceList's document; None for a plain stream."""

    text: str
    items: list[Item]
    top: Document | None = None
    function_config: Resource | None = None
    bom: str = ""
    faults: list[Result] = field(default_factory=list)
    lists: list[tuple[Document, range]] = field(default_factory=list)
    """The documents of a plain stream that are lists, with the indexes of the items that stand in each."""
    whole: bool = True
    """Whether all of the text is YAML; False where parts of it had to be left out to read the rest."""

    def splice(self, changed: Mapping[int, str], results: Sequence[Result]) -> str:
        """The text with the items at these positions replaced, and `results` as they are now.

        A plain stream has no place for results.
        """
        edits = [
            (item.start, item.end, changed[item.position][item.column :])
            for item in self.items
            if item.position in changed
        ]
        if self.top is not None:
            edits += results_edits(self.text, self.top, [result.to_dict() for result in results])
        return self._spliced(edits)

    def without(self, gone: Iterable[int]) -> str:
        """The text without the items at these indexes."""
        spans = self._members()
        if self.top is not None:
            return self._spliced(remove_from_list(self.text, self.top, spans, gone))
        alone = set(gone)
        edits: list[Edit] = []
        for document, indexes in self.lists:
            inside = [i - indexes.start for i in alone.intersection(indexes)]
            edits += remove_from_list(self.text, document, spans[indexes.start : indexes.stop], inside)
            alone.difference_update(indexes)
        return self._spliced([*edits, *remove_documents(self.text, spans, alone)])

    def followed_by(self, new: Sequence[dict[str, Any]]) -> str:
        """The text with these objects behind its items."""
        if self.top is not None:
            return self._spliced(append_to_list(self.text, self.top, self._members(), new))
        if len(self.lists) == 1 and (found := self.lists[0])[0].root.flow and len(found[1]) == len(self.items):
            # JSON stays JSON.
            return self._spliced(append_to_list(self.text, found[0], self._members(), new))
        return self._spliced(append_documents(self.text, new))

    def rewritten(self, item: Item, data: dict[str, Any]) -> str:
        """Another object in the place of an item, as `splice` takes it."""
        new = written(data, self.text, Member(item.start, item.end, item.column, item.flow))
        return " " * item.column + new

    def _members(self) -> list[Member]:
        return [Member(item.start, item.end, item.column, item.flow) for item in self.items]

    def _spliced(self, edits: Iterable[Edit]) -> str:
        pieces: list[str] = [self.bom]
        at = 0
        for start, end, new in sorted(edits):
            pieces += (self.text[at:start], new)
            at = end
        pieces.append(self.text[at:])
        return "".join(pieces)


def read_envelope(text: str, file: str = "", first_position: int = 0) -> Envelope:
    """The envelope of a text; raises SourceError where nothing in it can be read.

    Args:
        text: the input, decoded.
        file: the file it came from, for results; empty for a stream, whose items say it in annotations.
        first_position: position of the first item, where several texts are one input.
    """
    bom = text[: len(text) - len(text.lstrip(_BOM))]
    text = text[len(bom) :]
    broken: list[Broken] = []
    try:
        found = documents(text)
    except SourceError as error:
        blanked, broken = readable(text)
        if blanked == text:
            raise
        found = documents(blanked)
        if not any(document.root.is_mapping for document in found):
            raise error from None
    envelope = Envelope(text, [], bom=bom, whole=not broken)
    lists = [d for d in found if d.root.kind == "ResourceList" and "config.kubernetes.io" in d.root.api_version]
    if lists:
        _read_resource_list(envelope, lists[0], found)
        _cover(envelope.items, broken)
    else:
        _read_stream(envelope, found)
    for item in envelope.items:
        item.position += first_position
        if file:
            item.file = file
    envelope.faults += [_broken_result(b.reason, b.kind, file) for b in broken]
    return envelope


def _cover(items: Sequence[Item], broken: Sequence[Broken]) -> None:
    """Gives items that were blanked their whole text again: what comes behind them is not to stand within."""
    starts = [item.start for item in items]
    for part in broken:
        at = bisect_left(starts, part.start)
        if at < len(items) and items[at].start <= part.end:
            items[at].end = part.end


def _read_resource_list(envelope: Envelope, top: Document, found: list[Document]) -> None:
    fault = envelope.faults.append
    envelope.top = top
    if len(found) > 1:
        fault(
            Result(
                "input-malformed",
                "error",
                "the input holds a ResourceList and other documents; "
                "send one ResourceList, or a plain stream of manifests",
            )
        )
    if top.root.api_version not in API_VERSIONS:
        fault(
            Result(
                "input-malformed",
                "error",
                f"ResourceList of apiVersion {top.root.api_version!r} is not known",
                field_path="apiVersion",
                current=top.root.api_version,
                proposed=API_VERSIONS[0],
            )
        )
    if top.duplicate:
        fault(
            Result(
                "input-malformed",
                "error",
                f"{top.duplicate!r} stands twice in the ResourceList: keep one of them",
                field_path=top.duplicate,
            )
        )
    if top.items is None and "items" in top.keys:
        span = top.keys["items"][1]
        value = envelope.text[span.start : span.end].strip()
        if value not in ("", "null", "~"):
            fault(Result("input-malformed", "error", "items is not a list: write [] for none", field_path="items"))
    _add_items(envelope, top)
    if "functionConfig" in top.keys:
        span = top.keys["functionConfig"][1]
        config: Node | None = None
        try:
            config = compose(_alone(envelope.text, span.start, span.end, 0 if span.flow else span.column))
        except SourceError as error:
            message = f"functionConfig cannot be read by itself: {error.message}"
            fault(Result("function-config-kind", "error", message, field_path="functionConfig"))
            return
        if isinstance(config, MappingNode):
            if config.pairs:
                envelope.function_config = Resource(config)
        elif envelope.text[span.start : span.end].strip() not in ("", "null", "~"):
            fault(
                Result(
                    "function-config-kind",
                    "error",
                    "functionConfig is not an object: write an OTelConfig, or leave it out",
                    field_path="functionConfig",
                )
            )


def _read_stream(envelope: Envelope, found: list[Document]) -> None:
    for document in found:
        if _is_list(document):
            first = len(envelope.items)
            _add_items(envelope, document)
            envelope.lists.append((document, range(first, len(envelope.items))))
        else:
            root = document.root
            end = root.end if root.flow else document.end
            span = Span(root.start, end, root.column, root.flow, root.is_mapping, root.api_version, root.kind)
            item = _add_item(envelope, span)
            if document.tag_handles:
                _check_alone(envelope, item)


def _is_list(document: Document) -> bool:
    """Whether a document is several objects: a `v1` List, or one of a kind (DeploymentList) whose items say theirs."""
    root, items = document.root, document.items
    if items is None or (root.kind == "List" and root.api_version == "v1"):
        return items is not None
    return root.kind.endswith("List") and bool(items) and all(one.kind and one.api_version for one in items)


def _add_items(envelope: Envelope, document: Document) -> None:
    """Adds the elements of a list, with faults for those that cannot stand alone."""
    first = len(envelope.items)
    for span in document.items or ():
        _add_item(envelope, span)
    for span, item in zip(document.items or (), envelope.items[first:], strict=True):
        if span.aliases:
            _check_aliases(envelope, item)
        if document.tag_handles:
            _check_alone(envelope, item)


def _add_item(envelope: Envelope, span: Span) -> Item:
    # Columns mean nothing in flow style, and in a ResourceList on one line they grow as long as the text.
    column = 0 if span.flow else span.column
    position = len(envelope.items)
    item = Item(envelope.text, span.start, span.end, column, position, span.api_version, span.kind, flow=span.flow)
    envelope.items.append(item)
    return item


def _check_alone(envelope: Envelope, item: Item) -> None:
    """Items are read one by one: an item that cannot be read so passes, or is a fault where it decides."""
    try:
        item.read(item.text)
    except SourceError as error:
        envelope.faults.append(_broken_result(f"it cannot be read by itself: {error.message}", item.kind))


def _check_aliases(envelope: Envelope, item: Item) -> None:
    """An alias to an anchor of another item would be changed together with it, or not be seen: a fault where one of
    the two may be edited."""
    try:
        root = compose(item.text)
    except SourceError:
        return  # its own fault
    for node in walk(root) if root else ():
        if isinstance(node, Alias) and node.target is None:
            place = envelope.text.rfind(f"&{node.anchor}", 0, item.start)
            holder = next((other.kind for other in envelope.items if other.start <= place < other.end), "")
            if item.kind in _DECIDING_KINDS or holder in _DECIDING_KINDS:
                reason = f"the alias *{node.anchor} refers to another item: write it out"
                envelope.faults.append(_broken_result(reason, item.kind, deciding=True))
                return


def _alone(text: str, start: int, end: int, column: int) -> str:
    return " " * column + text[start:end]


_DECIDING_KINDS: Final = frozenset(
    [
        "ClassRuntime",
        "OTelConfig",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
        "CronJob",
        "Pod",
        "Service",
        "Configuration",
    ]
)


def _broken_result(reason: str, kind: str, file: str = "", *, deciding: bool = False) -> Result:
    deciding = deciding or (kind in _DECIDING_KINDS and not file)
    return Result(
        "unreadable-item",
        "error" if deciding else "warning",
        f"{reason}; the {kind or 'document'} is "
        + ("needed to decide: mend it" if deciding else "passed through unread"),
        Ref(kind=kind, file=file),
    )
