"""A read-only view of one Kubernetes object."""

from __future__ import annotations

from functools import cached_property

from krm_otel.diagnostics.result import Ref
from krm_otel.names import A_PREVIOUS_NAMES
from krm_otel.yamltext.nodes import Mapping, Node, Scalar
from krm_otel.yamltext.query import as_mapping, deref, lookup, members, text_of

_PATHS = ("internal.config.kubernetes.io/path", "config.kubernetes.io/path", "config.k8s.io/path")
_INDEXES = ("internal.config.kubernetes.io/index", "config.kubernetes.io/index", "config.k8s.io/index")


class Resource:
    """One object, read from its node; its parts are decoded on demand.

    Args:
        root: the object's mapping.
        position: its index among the items; -1 for the function config.
        file: the file that it comes from, where the input is files; otherwise its annotations name it.
        index: its index in that file.
        source: the text that the nodes' spans are in; empty where nobody needs their lines.
    """

    def __init__(self, root: Mapping, position: int = -1, file: str = "", index: int | None = None, source: str = ""):
        self.root = root
        self.position = position
        self.file = file
        self.index = index
        self.source = source

    def node(self, *path: str | int) -> Node | None:
        """The node at a path, read through aliases and merge keys; None where there is none."""
        return lookup(self.root, *path)

    def text(self, *path: str | int) -> str:
        """The text of the scalar at a path; empty where there is none."""
        return text_of(self.node(*path)) or ""

    @cached_property
    def api_version(self) -> str:
        """`apiVersion`: API group and version."""
        return self.text("apiVersion")

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @cached_property
    def kind(self) -> str:
        """The kind."""
        return self.text("kind")

    @cached_property
    def name(self) -> str:
        """The name; empty where the object has none yet."""
        return self.text("metadata", "name")

    @cached_property
    def namespace(self) -> str:
        """The namespace; empty where it is absent."""
        return self.text("metadata", "namespace")

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels, as text."""
        return strings(self.node("metadata", "labels"))

    @cached_property
    def annotations(self) -> dict[str, str]:
        """The annotations, as text."""
        return strings(self.node("metadata", "annotations"))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The name, and every name that the object had before kustomize renamed it."""
        previous = self.annotations.get(A_PREVIOUS_NAMES, "").split(",")
        return tuple(dict.fromkeys([self.name, *(name.strip() for name in previous if name.strip())]))

    @cached_property
    def ref(self) -> Ref:
        """The object as results name it."""
        file = self.file or next((self.annotations[a] for a in _PATHS if a in self.annotations), "")
        text = next((self.annotations[a] for a in _INDEXES if a in self.annotations), "")
        index = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        if self.file:
            index = self.index
        name = self.name or self.text("metadata", "generateName")
        return Ref(self.api_version, self.kind, name, self.namespace, file, index, self.position)


def strings(node: Node | None) -> dict[str, str]:
    """A mapping of scalars as text, whatever their types (a plain `true` is `"true"`); null is the empty string."""
    mapping = as_mapping(node)
    if mapping is None:
        return {}
    return {key: text_of(value) or "" for key, value in members(mapping).items() if isinstance(deref(value), Scalar)}
