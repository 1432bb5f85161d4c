"""Inputs that mention nothing of krm-otel: they pass as they are, and nothing of classes and injection is loaded.

Most packages of a repository have no class. Their run takes a third of the instructions of a full one, and a large
list a fifth of the time.

An input passes only where it is certain that the full way (`krm_otel.run`) would write the same: then all that there
is to say is how many workloads have no class. What the full way looks for in an object contains one of `_WORDS`, or
the object has one of our kinds. `tests/cases/test_pass_through.py` compares both ways over all cases and corpora.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as AbcMapping
from typing import Final

from krm_otel import names
from krm_otel.dataclass import dataclass
from krm_otel.krm.item import Item, UnreadableItemError
from krm_otel.krm.reader import read_envelope
from krm_otel.krm.resource import Resource
from krm_otel.regex import regex
from krm_otel.workloads.kinds import KINDS, is_patch, is_required
from krm_otel.yamltext.nodes import Mapping, SourceError
from krm_otel.yamltext.shapes.lines import use_shapes

_KEYS: Final = (names.A_CLASS, names.A_INJECT, names.A_CONTAINERS, names.A_PROTOCOL, names.A_SDK)
_WORDS: Final = tuple(
    word.encode()
    for word in (
        "oaas",  # our group, and so all of our annotations, labels and references
        *(f"/{key.rpartition('/')[2]}" for key in _KEYS),  # the same under another group, perhaps by mistake
    )
)
_ESCAPE: Final = regex(rb"\\(?:(?:x|u00|U000000)([0-7][0-9a-fA-F])|(/)|(?:\r\n?|\n|\xc2\x85|\xe2\x80[\xa8\xa9])[ \t]*)")
"""What may write a letter of a word in another way, or join two lines to one, in double quotes."""
_KUSTOMIZATIONS: Final = ("Kustomization", "Component")
_LETTERS: Final = tuple(frozenset(kind.lower()) for kind in (names.CLASS_KIND, names.CONFIG_KIND))
_SMALL: Final = 64 * 1024
"""Bytes of an input that has too few objects of one shape for a shape to pay off: 5 million instructions less."""
_ENVIRONMENT: Final = (names.E_PREFIX, names.E_FEATURE, "KRM_OTEL_")


@dataclass(frozen=True, slots=True)
class Passed:
    """The output, and how many workloads are in it, all without a class."""

    output: bytes
    workloads: int


def pass_through(data: bytes, environ: AbcMapping[str, str]) -> Passed | None:
    """The input as it is, but without earlier results; None where only the full way can say what becomes of it.

    Args:
        data: what an orchestrator sends.
        environ: the environment; variables that configure krm-otel need the full way.
    """
    if any(name.startswith(_ENVIRONMENT) for name in environ):
        return None
    if _has_a_word(data):
        return None
    use_shapes(len(data) > _SMALL)
    try:
        text = data.decode("utf-8")
        envelope = read_envelope(text, is_required=is_required, by_lines=True)
        workloads = _workloads(envelope.items)
    except (UnicodeDecodeError, SourceError, UnreadableItemError):
        return None
    if envelope.results or not envelope.items or not _says_nothing(envelope.function_config):
        return None
    if workloads is None:
        return None
    if any(item.kind in _KUSTOMIZATIONS for item in envelope.items) and _take_from_elsewhere(envelope.items):
        return None
    output = envelope.splice({}, [])
    return Passed(data if output == text else output.encode(), workloads)


def _workloads(items: Iterable[Item]) -> int | None:
    """How many workloads without a class there are; None where only the full way knows."""
    workloads = 0
    for item in items:
        is_workload = _is_workload(item)
        if is_workload is None:
            return None
        workloads += is_workload
    return workloads


def _has_a_word(data: bytes) -> bool:
    if any(word in data for word in _WORDS):
        return True
    if b"\\" not in data:
        return False
    written_out = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()) if match[1] else match[2] or b"", data)
    return any(word in written_out for word in _WORDS)


def _says_nothing(config: Resource | None) -> bool:
    """Whether a function config is as good as none: kpt gives an empty ConfigMap where nobody wrote one."""
    if config is None:
        return True
    data = config.node("data")
    is_empty = data is None or (isinstance(data, Mapping) and not data.pairs)
    return (config.api_version, config.kind) == ("v1", "ConfigMap") and is_empty and not config.annotations


def _is_workload(item: Item) -> bool | None:
    """Whether an object is a workload without a class; None where only the full way knows."""
    if any(letters <= set(item.kind.lower()) for letters in _LETTERS) and _may_be_ours(item.kind):
        return None
    is_known = (item.group, item.kind) in KINDS
    if not is_known and not item.mentions("containers"):
        return False
    resource = item.resource
    if resource is None or ((resource.group, resource.kind) in KINDS) is not is_known:
        return None
    if is_known:
        return not is_patch(resource)
    from krm_otel.workloads.unknown_kinds import unknown_template

    return None if unknown_template(resource) else False


def _may_be_ours(kind: str) -> bool:
    """Whether a kind is one of ours, perhaps in another spelling."""
    from krm_otel.diagnostics.suggestion import without_separators

    return without_separators(kind) in map(without_separators, (names.CLASS_KIND, names.CONFIG_KIND))


def _take_from_elsewhere(items: Iterable[Item]) -> bool:
    """Whether a kustomization takes resources that are not in the input: then the last line says so."""
    from krm_otel.workloads.kustomizations import Kustomizations

    return bool(Kustomizations.of(items).elsewhere)
