"""The image of a managed collector: whether it knows what is written into its config.

Source: `opentelemetry-collector-releases`, `distributions/*/manifest.yaml`. Only contrib has every component; what an
image of another name has is not known, and is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from krm_otel.config.settings import Sourced
from krm_otel.config.settings.collector import DEFAULT_IMAGE
from krm_otel.config.sources.layers import Found, Layer, Say, find, pick
from krm_otel.image_reference import ImageReference, parse_image

OLDEST: Final = (0, 154)
"""The first version that knows every name that we write (`prometheus_remote_write`)."""
_CORE: Final = ("opentelemetry-collector", "otelcol")
_K8S: Final = ("opentelemetry-collector-k8s", "otelcol-k8s")
_NOT_IN_CORE: Final = frozenset(
    ("file_storage", "k8s_attributes", "load_balancing", "span_metrics", "tail_sampling", "transform")
)
_NOT_IN_K8S: Final = frozenset(("prometheus", "prometheus_remote_write"))


@dataclass(frozen=True, slots=True)
class Need:
    """A component that not every image has: what needs it, and what to write to do without."""

    component: str
    by: str
    instead: str = ""


def lacks(layers: Sequence[Layer], component: str) -> bool:
    """Whether the image is known not to have a component."""
    image = pick(layers, DEFAULT_IMAGE, "collector", "image").value
    return component in _missing(parse_image(image))


def image_of(layers: Sequence[Layer], needs: Sequence[Need], say: Say) -> Sourced[str]:
    """The image, complete with the mirror's name where there is one; errors for what it cannot run."""
    image: Found[str] = pick(layers, DEFAULT_IMAGE, "collector", "image")
    registry: Found[str] | None = find(layers, "collector", "image_registry")
    reference = parse_image(image.value)
    found = re.match(r"v?([0-9]+)\.([0-9]+)(?![0-9])", reference.tag)
    if found and (int(found[1]), int(found[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        text = (
            f"has the tag {reference.tag}: collectors before {oldest} do not know the names that are written into its "
            f"config: write {DEFAULT_IMAGE}, or another of {oldest} or later"
        )
        say(image.result("image-too-old", "error", text, DEFAULT_IMAGE))
    missing = _missing(reference)
    for need in needs:
        if need.component in missing:
            text = f"has no {need.component}, which {need.by} needs: write {DEFAULT_IMAGE}"
            text += f", or {need.instead}" if need.instead else ""
            say(image.result("image-lacks", "error", text, DEFAULT_IMAGE))
    if registry is None or reference.has_registry:
        return image.sourced()
    value = f"{registry.value}/{image.value}"
    return (registry if image.by_default else image).having(value).sourced()


def _missing(image: ImageReference) -> frozenset[str]:
    name = image.basename
    return _NOT_IN_CORE if name in _CORE else _NOT_IN_K8S if name in _K8S else frozenset()
