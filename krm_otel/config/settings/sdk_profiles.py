"""The SDK profiles that are built in, and the containers that certainly have one.

Sources for `oaas-rs`, read and run: pawissanutt/oaas-rs (2026-03), `commons/oprc-observability/src`
(`otel_exporter.rs`, `tracing.rs`), the `main.rs` of its services, and `k8s/charts` for the images.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from krm_otel import names
from krm_otel.config.schema.sdk import Samplers, SdkProfile, SdkRule, ServiceNames, Switches, SwitchVariables
from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import sdk_variables as rules
from krm_otel.diagnostics.suggestion import listed, nearest_name

SPEC: Final = "spec"
OAAS_RS: Final = "oaas-rs"
NONE: Final = "none"


Described = tuple[str, str, str, str]
"""A container: its role, the platform's component (empty outside it), its name, and the repository of its image."""


def _switch(variable: str) -> SwitchVariables:
    return SwitchVariables(enabled={variable: "true"}, disabled={variable: "false"})


_IMAGES: Final = "*/oaas-rs/"

PROFILES: Final = {
    SPEC: SdkProfile(),
    OAAS_RS: SdkProfile(
        reads=(
            *(names.E_ENDPOINT, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_*HEADERS"),
            *("OTEL_EXPORTER_OTLP_*TIMEOUT", "OTEL_EXPORTER_OTLP_*COMPRESSION"),
            *(names.E_SERVICE_NAME, "OPRC_SERVICE_NAME", names.E_SAMPLER, names.E_SAMPLER_ARG, names.E_ATTRIBUTES),
            *("OTEL_BSP_*", "OTEL_BLRP_*", "OTEL_SPAN_*", "OTEL_TRACES_ENABLED", "OTEL_LOGS_ENABLED"),
        ),
        protocols=("grpc",),
        propagators=("tracecontext",),
        # Everything is parent-based there, whatever it is called.
        samplers=Samplers(
            sdk="traceidratio",
            known=("always_on", "always_off", "traceidratio", "parentbased_always_on"),
            unknown="always_on",
        ),
        switches=Switches(
            traces=_switch("OTEL_TRACES_ENABLED"),
            # Their exporter is installed wherever there is an endpoint that is not blank. A blank, since an API server
            # drops an empty value, which GitOps tools then show as drift.
            metrics=SwitchVariables(disabled={"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": " "}),
            logs=_switch("OTEL_LOGS_ENABLED"),
        ),
        span_filters=("RUST_LOG", "ODGM_LOG", "OPRC_LOG"),
        service_name=ServiceNames(
            variables=("OPRC_SERVICE_NAME",),
            fixed={f"{_IMAGES}{name}": f"oprc-{name}" for name in ("gateway", "crm", "pm")},
        ),
    ),
    NONE: SdkProfile(telemetry=False),
}
"""Name → profile. `none` is for services without telemetry, such as the router of oaas-rs."""

CERTAIN: Final = (
    SdkRule(profile=NONE, image=f"{_IMAGES}router"),
    *(SdkRule(profile=OAAS_RS, image=_IMAGES + name) for name in ("gateway", "crm", "pm", "odgm")),
    SdkRule(profile=OAAS_RS, role="odgm"),
)
"""The containers that certainly have a profile; the first rule that fits decides."""


@lru_cache(maxsize=1024)  # containers with one image and name are many
def _certain(described: Described) -> str:
    return next((rule.profile for rule in CERTAIN if rule.fits(*described)), SPEC)


@dataclass(frozen=True, slots=True)
class SdkSettings:
    """The profiles by name, built in or written, and the rules that the OTelConfig adds."""

    profiles: dict[str, SdkProfile] = field(default_factory=lambda: PROFILES)
    rules: tuple[SdkRule, ...] = ()

    def named(self, described: Described, preset: str = "") -> str:
        """The name of a container's profile: by the OTelConfig, by the preset of the platform, by what is certain."""
        written = next((rule.profile for rule in self.rules if rule.fits(*described)), "")
        return written or preset or _certain(described)

    def fitting(self, described: Described) -> frozenset[int]:
        """The indices of the OTelConfig's rules that fit a container, whichever decides."""
        return frozenset(index for index, rule in enumerate(self.rules) if rule.fits(*described))

    def unknown(self, where: Location, name: str) -> Result:
        """An error about a name that no profile has."""
        proposed = nearest_name(name, self.profiles)
        text = f"is {name}, and the SDK profiles are {listed(self.profiles, 'and')}"
        fix = f"write {proposed or 'one of them, or add it to spec.sdk.profiles'}"
        return rules.SDK_PROFILE_UNKNOWN.at(where, text, fix=fix, current=name, proposed=proposed)
