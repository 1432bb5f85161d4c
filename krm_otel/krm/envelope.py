"""Envelopes: the wrapping of a function's input, with the items as spans of the original text.

A ResourceList (KRM Functions Specification v1) has `items`. A plain stream has one object a document, or several in a
`kind: List`. Nothing is serialised again: `Envelope.splice` returns the original text with some spans replaced.

Most runs add and remove no objects, and have no results: what writes those is imported where it is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.result import Result
from krm_otel.krm.item import Item, indented
from krm_otel.krm.resource import Resource
from krm_otel.yamltext.documents.spans import Document
from krm_otel.yamltext.splices import Splice, SplicedText

if TYPE_CHECKING:
    from krm_otel.krm.members import Comment


@dataclass(slots=True)
class Envelope:
    """One input text; `krm_otel.krm.reader` makes it."""

    text: str
    items: list[Item]
    resource_list: Document | None = None
    """The document of the ResourceList; None for a plain stream."""
    function_config: Resource | None = None
    bom: str = ""
    results: list[Result] = field(default_factory=list)
    """What is wrong with the envelope and with single items."""
    lists: list[tuple[Document, range]] = field(default_factory=list)
    """The documents of a plain stream that are lists, with the indexes of their items."""
    is_complete: bool = True
    """Whether all of the text is YAML; False where parts of it are left out so that the rest can be read."""

    def spliced(self, changed: Mapping[int, str], results: Sequence[Result]) -> SplicedText:
        """The text with the items at these positions replaced, and with `results`.

        A plain stream cannot have results.
        """
        splices = [
            (item.start, item.end, changed[item.position][item.column :])
            for item in self.items
            if item.position in changed
        ]
        if self.resource_list is not None and (results or "results" in self.resource_list.keys):
            from krm_otel.krm.results_block import results_splices

            splices += results_splices(self.text, self.resource_list, [result.to_dict() for result in results])
        return SplicedText(self.text, splices, self.bom)

    def splice(self, changed: Mapping[int, str], results: Sequence[Result]) -> str:
        """What `spliced` returns, as one string."""
        return str(self.spliced(changed, results))

    def without(self, indexes: Iterable[int]) -> str:
        """The text without the items at these indexes."""
        from krm_otel.krm import members

        if self.resource_list is not None:
            return self._spliced(members.remove_from_list(self.text, self.resource_list, self.items, indexes))
        documents = set(indexes)
        splices: list[Splice] = []
        for document, in_list in self.lists:
            removed = [i - in_list.start for i in documents.intersection(in_list)]
            splices += members.remove_from_list(self.text, document, self.items[in_list.start : in_list.stop], removed)
            documents.difference_update(in_list)
        return self._spliced([*splices, *members.remove_documents(self.text, self.items, documents)])

    def with_appended(self, objects: Sequence[dict[str, Any]], comment: Comment | None = None) -> str:
        """The text with these objects after its items; in a ResourceList they may begin with comments."""
        from krm_otel.krm import members

        if self.resource_list is not None:
            return self._spliced(
                members.append_to_list(
                    self.text, self.resource_list, self.items, objects, comment or members.no_comment
                )
            )
        if len(self.lists) == 1:
            document, in_list = self.lists[0]
            if document.root.flow and len(in_list) == len(self.items):
                # JSON stays JSON.
                return self._spliced(members.append_to_list(self.text, document, self.items, objects))
        return self._spliced(members.append_documents(self.text, objects))

    def rewritten(self, item: Item, data: dict[str, Any]) -> str:
        """The text of another object in the place of an item, as `splice` takes it."""
        from krm_otel.krm import members

        return indented(members.rewrite(self.text, item, data), item.column)

    def _spliced(self, splices: Iterable[Splice]) -> str:
        return str(SplicedText(self.text, splices, self.bom))
