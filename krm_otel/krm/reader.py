"""Text → envelope: finds the items of a ResourceList or a plain stream, and reports what is wrong with them.

No item is decoded here. An item that cannot be read is passed through as it is, unless krm-otel has to read every item
of its kind.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from krm_otel.diagnostics.result import Place, Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import inputs as rules
from krm_otel.krm.envelope import Envelope
from krm_otel.krm.item import Item, indented
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.documents.by_events import documents
from krm_otel.yamltext.documents.by_lines import resource_list
from krm_otel.yamltext.documents.spans import Document, Span
from krm_otel.yamltext.nodes import Alias, Mapping, SourceError
from krm_otel.yamltext.parse import compose
from krm_otel.yamltext.query import walk

if TYPE_CHECKING:
    from krm_otel.yamltext.documents.broken import Broken

API_VERSIONS: Final = tuple(f"config.kubernetes.io/{v}" for v in ("v1", "v1beta1", "v1alpha1"))
_BOM: Final = "\ufeff"
_NULLS: Final = ("", "null", "~")

IsRequired = Callable[[str | None, str], bool]
"""(API group, kind) → whether every object of this kind has to be readable. The group is None where it is not known."""


def read_envelope(
    text: str,
    file: str = "",
    first_position: int = 0,
    is_required: IsRequired = lambda _group, _kind: False,
    *,
    by_lines: bool = False,
) -> Envelope:
    """The envelope of a text; raises SourceError where nothing in it can be read.

    Args:
        text: the input, decoded.
        file: the file that it comes from, for results; empty for a stream, where annotations of the items name it.
        first_position: the position of the first item, where several texts are one input.
        is_required: for the severity of results: an item that cannot be read is an error if it is required.
        by_lines: cut the items of a ResourceList by lines where that is sure. Then an item that nobody asks for is not
            read, and one that is asked for may raise UnreadableItemError.
    """
    bom = text[: len(text) - len(text.lstrip(_BOM))]
    text = text[len(bom) :]
    broken: list[Broken] = []
    cut = resource_list(text) if by_lines else None
    try:
        parsed = [cut] if cut is not None else documents(text)
    except SourceError as error:
        from krm_otel.yamltext.documents.broken import readable  # most texts are whole

        blanked, broken = readable(text)
        if blanked == text:
            raise
        parsed = documents(blanked)
        if not any(document.root.is_mapping for document in parsed):
            raise error from None
    envelope = Envelope(text, [], bom=bom, is_complete=not broken)
    lists = [d for d in parsed if d.root.kind == "ResourceList" and "config.kubernetes.io" in d.root.api_version]
    if lists:
        envelope.resource_list = lists[0]
        envelope.results += _check_resource_list(text, lists[0], len(parsed))
        _add_items(envelope, lists[0], is_required)
        _read_function_config(envelope, lists[0])
        _extend_blanked(envelope.items, broken)
    else:
        _add_stream(envelope, parsed, is_required)
    for index, item in enumerate(envelope.items):
        item.position += first_position
        item.by_lines = cut is not None
        if file:
            item.file, item.index = file, index
    for part in broken:
        group = part.api_version.rpartition("/")[0] if part.api_version else None
        required = not file and is_required(group, part.kind)
        # Orchestrators move items out of their files and back: a line of a ResourceList is in no file.
        in_file = bool(file) or envelope.resource_list is None
        place = Place(text.count("\n", 0, part.start) + part.line, part.column) if in_file else None
        reason = part.reason if in_file else f"{part.reason} (line {part.line} of it)"
        ref = Ref(kind=part.kind, file=file, place=place)
        envelope.results.append(_unreadable(ref, reason, required=required))
    return envelope


def _extend_blanked(items: Sequence[Item], broken: Sequence[Broken]) -> None:
    """Gives items that were blanked their whole text again, so that what is added after them is not inside them."""
    starts = [item.start for item in items]
    for part in broken:
        index = bisect_left(starts, part.start)
        if index < len(items) and items[index].start <= part.end:
            items[index].end = part.end


def _check_resource_list(source: str, resource_list: Document, document_count: int) -> Iterator[Result]:
    version, duplicate = resource_list.root.api_version, resource_list.duplicate
    if document_count > 1:
        text = "the input has a ResourceList and other documents"
        yield rules.INPUT_MALFORMED.at(Ref(), text, fix="send one ResourceList, or a plain stream of manifests")
    if version not in API_VERSIONS:
        location, proposed = Location(Ref(), "apiVersion", "apiVersion"), API_VERSIONS[0]
        text, fix = f"{version} of the ResourceList is not supported", f"write {proposed}"
        yield rules.INPUT_MALFORMED.at(location, text, fix=fix, current=version, proposed=proposed)
    if duplicate:
        location = Location(Ref(), duplicate, duplicate)
        yield rules.INPUT_MALFORMED.at(location, "is a duplicate key of the ResourceList", fix="keep one of them")
    if resource_list.items is None and "items" in resource_list.keys:
        span = resource_list.keys["items"][1]
        if source[span.start : span.end].strip() not in _NULLS:
            location = Location(Ref(), "items", "items")
            yield rules.INPUT_MALFORMED.at(location, "is not a list", fix="write a list, or [] for no items")


def _read_function_config(envelope: Envelope, resource_list: Document) -> None:
    if "functionConfig" not in resource_list.keys:
        return
    location = Location(Ref(), "functionConfig", "functionConfig")
    span = resource_list.keys["functionConfig"][1]
    text = envelope.text[span.start : span.end]
    try:
        root = compose(indented(text, 0 if span.flow else span.column))
    except SourceError as error:
        reason, fix = f"cannot be read by itself ({error.message})", "write it without the %TAG directive"
        envelope.results.append(rules.FUNCTION_CONFIG_KIND.at(location, reason, fix=fix))
        return
    if isinstance(root, Mapping):
        if root.pairs:
            envelope.function_config = Resource(root)
    elif text.strip() not in _NULLS:
        fix = "write an OTelConfig, or leave it out"
        envelope.results.append(rules.FUNCTION_CONFIG_KIND.at(location, "is not an object", fix=fix))


def _add_stream(envelope: Envelope, parsed: Sequence[Document], is_required: IsRequired) -> None:
    for document in parsed:
        if _is_list(document):
            first = len(envelope.items)
            _add_items(envelope, document, is_required)
            envelope.lists.append((document, range(first, len(envelope.items))))
        else:
            root = document.root
            end = root.end if root.flow else document.end
            span = Span(root.start, end, root.column, root.flow, root.is_mapping, root.api_version, root.kind)
            item = _add_item(envelope, span)
            if document.tag_handles:
                envelope.results += _check_tags(item, is_required)


def _is_list(document: Document) -> bool:
    """Whether a document is several objects: a `v1` List, or a list of one kind (DeploymentList) whose items have
    kinds."""
    root, items = document.root, document.items
    if items is None or (root.kind == "List" and root.api_version == "v1"):
        return items is not None
    return root.kind.endswith("List") and bool(items) and all(item.kind and item.api_version for item in items)


def _add_items(envelope: Envelope, document: Document, is_required: IsRequired) -> None:
    """Adds the items of a list, with results for those that cannot be read by themselves."""
    spans = document.items or ()
    added = [_add_item(envelope, span) for span in spans]
    for span, item in zip(spans, added, strict=True):
        if span.aliases:
            envelope.results += _check_aliases(item, is_required)
        if document.tag_handles:
            envelope.results += _check_tags(item, is_required)


def _add_item(envelope: Envelope, span: Span) -> Item:
    # In flow style columns mean nothing, and in a ResourceList on one line they grow with the text.
    column = 0 if span.flow else span.column
    position = len(envelope.items)
    item = Item(envelope.text, span.start, span.end, column, position, span.api_version, span.kind, flow=span.flow)
    envelope.items.append(item)
    return item


def _check_tags(item: Item, is_required: IsRequired) -> Iterator[Result]:
    """Items are read one by one, without the `%TAG` directive of their document."""
    try:
        item.read(item.text)
    except SourceError as error:
        reason = f"it cannot be read by itself ({error.message})"
        yield _unreadable(Ref(kind=item.kind), reason, required=is_required(item.group, item.kind))


def _check_aliases(item: Item, is_required: IsRequired) -> Iterator[Result]:
    """Reports an alias to an anchor of another item, where the item has to be read: the alias has no value in it.

    The item with the anchor can be edited all the same: no edit changes a node that has an anchor.
    """
    if item.kind and not is_required(item.group, item.kind):
        return  # without a kind it may be an alias as a whole, so it is not known what it is
    try:
        root = compose(item.text)
    except SourceError:
        return  # it has its own result
    for node in walk(root) if root else ():
        if isinstance(node, Alias) and node.target is None:
            text = f"the alias *{node.anchor} refers to another item, and krm-otel reads each item by itself"
            yield rules.UNREADABLE_ITEM.at(Ref(kind=item.kind), text, fix="replace the alias with its value")
            return


def _unreadable(ref: Ref, reason: str, *, required: bool) -> Result:
    if required:
        return rules.UNREADABLE_ITEM.at(ref, f"{reason}; krm-otel has to read every {ref.kind}", fix="correct it")
    text = f"{reason}; krm-otel does not read the {ref.kind or 'document'} and leaves it as it is"
    return rules.UNREADABLE_ITEM.at(ref, text, severity="warning")
