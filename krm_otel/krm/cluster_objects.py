"""What of a stream a cluster knows: objects, without those that only packages and tools read."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable
from typing import Final

from krm_otel.krm.item import Item
from krm_otel.krm.reader import read_envelope
from krm_otel.names import A_LOCAL, CONFIG_KIND

_LOCAL_KINDS: Final = frozenset((CONFIG_KIND, "Kptfile", "Kustomization", "Component"))


def is_local(item: Item) -> bool:
    """Whether no cluster knows an item: a function config, a file of a package, local configuration, or no object."""
    if item.kind in _LOCAL_KINDS or not (item.kind and item.api_version):
        return True
    if not item.mentions(A_LOCAL):  # saves parsing the item
        return False
    return item.resource is not None and item.resource.annotations.get(A_LOCAL) == "true"


def cluster_objects(text: str) -> str:
    """A stream without the items that no cluster knows.

    The result is empty if no object remains, even where there are comments.
    """
    envelope = read_envelope(text)
    local = [i for i, item in enumerate(envelope.items) if is_local(item)]
    return envelope.without(local) if len(local) < len(envelope.items) else ""


def counted(items: Iterable[Item]) -> str:
    """Items as people count them: `Kptfile, 2 OTelConfigs, values.yaml`."""
    names = Counter(item.kind or posixpath.basename(item.file) or "document" for item in items)
    return ", ".join(name if count == 1 else f"{count} {name}s" for name, count in sorted(names.items()))
