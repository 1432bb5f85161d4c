"""The SDK profile of a container: what its SDK reads and understands.

The first that says one decides: the annotation `oaas.io/otel-sdk` on the pod template or the object, `sdk.select` of
the OTelConfig, the preset of the platform, what is certain by image or role, and otherwise the specification.
"""

from __future__ import annotations

from typing import Final

from krm_otel.config.schema.sdk import SdkProfile
from krm_otel.config.settings import Configuration
from krm_otel.config.settings.sdk_profiles import PROFILES, SPEC, Described
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import sdk_variables as rules
from krm_otel.image_reference import parse_image
from krm_otel.names import A_SDK
from krm_otel.workloads.containers import Container
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import Match


@dataclass(frozen=True, slots=True)
class NamedProfile:
    """An SDK profile and its name."""

    name: str
    profile: SdkProfile


SPECIFICATION: Final = NamedProfile(SPEC, PROFILES[SPEC])


def annotated_profile(workload: Workload, configuration: Configuration) -> tuple[str, list[Result]]:
    """The name of the profile that the workload asks for; empty where it asks for none, or for none that exists."""
    annotated = workload.annotation(A_SDK)
    if not annotated:
        return "", []
    value, path = annotated[-1]
    if value in configuration.sdk.profiles:
        return value, []
    where = Location(workload.resource.ref, path, A_SDK)
    return "", [configuration.sdk.unknown(where, value)]


def described(container: Container, role: str, match: Match) -> Described:
    """What entries of `sdk.select` say of a container."""
    component = match.component.key if match.component else ""
    return role, component, container.name, parse_image(container.image).repository


def profile_of(
    container: Container, role: str, match: Match, configuration: Configuration, annotated: str
) -> NamedProfile:
    """The profile of a container of a matched workload; `annotated` is the one that the workload asks for."""
    preset = match.component.sdk if match.component else ""
    name = annotated or configuration.sdk.named(described(container, role, match), preset)
    return NamedProfile(name, configuration.sdk.profiles.get(name, PROFILES[SPEC]))


def without_telemetry(workload: Workload, container: Container, profile: NamedProfile) -> Result:
    """An info that a container is left alone, since its service has no telemetry."""
    where = Location(workload.resource.ref, field_path(*container.path))
    text = f"{container.name} has no telemetry (SDK profile {profile.name}), so nothing is injected into it"
    return rules.SDK_WITHOUT_TELEMETRY.at(where, text, fix=f"write {A_SDK}: {SPEC} if it has")
