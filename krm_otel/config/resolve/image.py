"""The image of a managed collector: whether it knows what krm-otel writes into its config.

Source: `opentelemetry-collector-releases`, `distributions/*/manifest.yaml`. Only contrib has every component. krm-otel
does not know what an image of another name has, and trusts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from krm_otel.config.provenance import Sourced
from krm_otel.config.schema.collector import DEFAULT_IMAGE
from krm_otel.config.settings import CollectorSettings
from krm_otel.config.sources.layers import Layers
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.image_reference import ImageReference, parse_image

OLDEST: Final = (0, 154)
"""The first version that knows every name that krm-otel writes (`prometheus_remote_write`)."""
_CORE: Final = ("opentelemetry-collector", "otelcol")
_K8S: Final = ("opentelemetry-collector-k8s", "otelcol-k8s")
_PUBLISHED: Final = (*_CORE, *_K8S, "opentelemetry-collector-contrib", "otelcol-contrib")
_NOT_IN_CORE: Final = frozenset(
    ("file_storage", "k8s_attributes", "load_balancing", "span_metrics", "tail_sampling", "transform")
)
_NOT_IN_K8S: Final = frozenset(("prometheus", "prometheus_remote_write"))


@dataclass(frozen=True, slots=True)
class ComponentNeed:
    """A component that not every image has: the setting that needs it, and what to write to do without."""

    component: str
    needed_by: str
    alternative: str = ""


def written_image(layers: Layers) -> Sourced[str]:
    """The image as configured, without the mirror's registry."""
    return layers.find("collector", "image") or Sourced(DEFAULT_IMAGE, steps=("collector", "image"))


def lacks(layers: Layers, component: str) -> bool:
    """Whether the image is known not to have a component."""
    return component in _missing_components(parse_image(written_image(layers).value))


def complete_image(layers: Layers) -> Sourced[str]:
    """The image, with the mirror's registry where it names none of its own."""
    image = written_image(layers)
    registry: Sourced[str] | None = layers.find("collector", "image_registry")
    if registry is None or parse_image(image.value).has_registry:
        return image
    return (registry if image.is_default else image).with_value(f"{registry.value}/{image.value}")


def check_image(collector: CollectorSettings, layers: Layers) -> Iterator[Result]:
    """Errors for what the image cannot run."""
    image = written_image(layers)
    reference = parse_image(image.value)
    # The tag of another distribution is a version of its own.
    is_published = reference.basename in _PUBLISHED
    version = re.match(r"v?([0-9]+)\.([0-9]+)(?![0-9])", reference.tag) if is_published else None
    if version and (int(version[1]), int(version[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        text = f"has the tag {reference.tag}: collectors before {oldest} do not know the names that krm-otel writes"
        fix = f"write {DEFAULT_IMAGE}, or another of {oldest} or later"
        yield image.report(rules.IMAGE_TOO_OLD, text, fix=fix, proposed=DEFAULT_IMAGE)
    missing = _missing_components(reference)
    for need in _needs(collector):
        if need.component in missing:
            text = f"has no {need.component}, which {need.needed_by} needs"
            fix = f"write {DEFAULT_IMAGE}" + (f", or {need.alternative}" if need.alternative else "")
            yield image.report(rules.IMAGE_LACKS, text, fix=fix, proposed=DEFAULT_IMAGE)


def _needs(collector: CollectorSettings) -> Iterator[ComponentNeed]:
    """The components that not every image has."""
    kinds = sorted({target.value.kind for targets in collector.exporters.values() for target in targets})
    yield from (ComponentNeed(kind, "an exporter of this class") for kind in kinds)
    if collector.k8s_attributes:
        yield ComponentNeed("k8s_attributes", "mode daemonset", "telemetry.attributes.k8s: false")
    if collector.queue.value.persistent:
        yield ComponentNeed("file_storage", "queue.persistent", "queue.persistent: false")
    if collector.span_metrics:
        yield ComponentNeed("span_metrics", "collector.span_metrics", "span_metrics.enabled: false")
    if collector.dropped_attributes and "metrics" in collector.exporters:
        yield ComponentNeed("transform", "collector.drop_metric_attributes")
    if collector.tail_sampling:
        yield ComponentNeed("tail_sampling", "collector.tail_sampling", "tail_sampling.enabled: false")
    if collector.gateway:
        yield ComponentNeed("load_balancing", "collector.gateway")


def _missing_components(image: ImageReference) -> frozenset[str]:
    return _NOT_IN_CORE if image.basename in _CORE else _NOT_IN_K8S if image.basename in _K8S else frozenset()
