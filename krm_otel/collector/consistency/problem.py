"""What the checks look at, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from krm_otel.collector.reading.listening import Listening, listening
from krm_otel.collector.reading.structure import member, used
from krm_otel.collector.tiers import Tier
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import Step
from krm_otel.diagnostics.result import Severity
from krm_otel.diagnostics.rule import Rule
from krm_otel.image_reference import parse_image

_PUBLISHED: Final = tuple(
    f"{name}{suffix}" for name in ("opentelemetry-collector", "otelcol") for suffix in ("", "-contrib", "-k8s")
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit.

    Args:
        rule: what it breaks.
        steps: its place in the merged config.
        text: what is wrong there; the message begins with the place.
        fix: what to write instead.
        severity: where it differs from the rule's own.
    """

    rule: Rule
    steps: tuple[Step, ...]
    text: str
    fix: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """From the first tier to the second one: the exporter, the port that it sends to, and the port that receives."""

    exporter: str
    sent_to: str
    received: str


def link_of(first: Mapping[str, Any], second: Mapping[str, Any]) -> Link | None:
    """The link between the configs of two tiers."""
    received = listening(second).otlp.get("grpc")
    for exporter in used(first, "exporters"):
        port = member(first, "exporters", exporter, "resolver", "dns", "port")
        if port is not None and received is not None:
            return Link(exporter, str(port), str(received.address.port))
    return None


@dataclass(frozen=True, slots=True)
class Deployed:
    """A collector with its config, and what it runs in.

    Args:
        tier: the collector.
        config: merged.
        own: the user's part of it.
        listening: where it listens.
        container: as it is generated.
        link: between two tiers; None: there is only one.
        operator: the OpenTelemetry Operator makes the pods.
        monitored: a monitor fetches the collector's own metrics.
    """

    tier: Tier
    config: Mapping[str, Any]
    own: Mapping[str, Any]
    listening: Listening
    container: Mapping[str, Any]
    link: Link | None = None
    operator: bool = False
    monitored: bool = False

    @property
    def published_image(self) -> bool:
        """Whether the image is one of OpenTelemetry's, which have no files and no variables of their own."""
        return parse_image(self.tier.collector.image.value).basename in _PUBLISHED

    @property
    def uncertain(self) -> Severity | None:
        """The severity of what only the image could have: a warning where the image is not known."""
        return None if self.published_image else "warning"
