"""What all generated objects have: names, labels, annotations, and the reason why they are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from krm_otel.collector import names as own
from krm_otel.collector.tiers import name_of
from krm_otel.config.settings import CollectorSettings, OaasClass


@dataclass(frozen=True, slots=True)
class Asset:
    """A generated object, and why it is there."""

    data: dict[str, Any]
    reason: str


def generated(oaas_class: OaasClass, api_version: str, kind: str, name: str, instance: str = "") -> dict[str, Any]:
    """What every generated object has; it stands in the class's namespace, where that is written.

    `instance` is the name of what it belongs to, if not the class's collector.
    """
    metadata: dict[str, Any] = {"name": name}
    if oaas_class.namespace:
        metadata["namespace"] = oaas_class.namespace
    metadata["labels"] = own.labels(oaas_class.name, instance)
    metadata["annotations"] = own.generated_annotations(oaas_class.enabled_by)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def of_tier(
    oaas_class: OaasClass, managed: CollectorSettings, api_version: str, kind: str, name: str = ""
) -> dict[str, Any]:
    """An object of one tier, called like the tier unless it has a `name` of its own."""
    instance = name_of(oaas_class, managed)
    return generated(oaas_class, api_version, kind, name or instance, instance)


def labelled(made: dict[str, Any], more: dict[str, str]) -> dict[str, Any]:
    """An object with further labels, by which others find it; ours stay as they are."""
    metadata = made["metadata"]
    return {**made, "metadata": {**metadata, "labels": {**more, **metadata["labels"]}}}


def selector(oaas_class: OaasClass, managed: CollectorSettings) -> dict[str, str]:
    """The labels by which the pods of a tier are found."""
    return own.selector(oaas_class.name, name_of(oaas_class, managed))
