"""SDK profiles: what an SDK reads and understands, as data.

Source of the defaults: OpenTelemetry specification, `configuration/sdk-environment-variables.md`.
"""

from __future__ import annotations

from typing import Literal

from krm_otel.config import types
from krm_otel.config.marks import Annotated
from krm_otel.config.schema.setting import REQUIRED, Model, setting
from krm_otel.otlp import SAMPLERS, Protocol, SamplingStage
from krm_otel.regex import fits


class Samplers(Model):
    """The values of OTEL_TRACES_SAMPLER that an SDK gets."""

    sdk: types.Word = setting(
        SAMPLERS["sdk"],
        "Where the SDK samples by the rate, and follows its parent's decision.",
        example="traceidratio",
        note="A value that ends in `traceidratio` gets the rate in `OTEL_TRACES_SAMPLER_ARG`.",
    )
    collector: types.Word = setting(
        SAMPLERS["collector"], "Where a collector samples, and the SDK sends everything.", example="always_on"
    )
    known: types.Words = setting(
        (),
        "The values that the SDK knows.",
        shown="those of the specification",
        example="[always_on, always_off, traceidratio]",
    )
    unknown: types.Text = setting(
        "",
        "What any other value means to the SDK, as the end of a sentence.",
        shown="the SDK's default",
        example="always_on",
    )


class SwitchVariables(Model):
    """The variables that switch a signal on and off, beside OTEL_TRACES_EXPORTER and the like."""

    enabled: dict[types.VariableName, types.Text] = setting(
        {}, "Variables and their values where the signal is on.", example='{OTEL_TRACES_ENABLED: "true"}'
    )
    disabled: dict[types.VariableName, types.Text] = setting(
        {}, "Variables and their values where the signal is off.", example='{OTEL_TRACES_ENABLED: "false"}'
    )


class Switches(Model):
    """How the signals are switched on and off."""

    traces: SwitchVariables = setting(SwitchVariables(), "Variables that switch traces.")
    metrics: SwitchVariables = setting(SwitchVariables(), "Variables that switch metrics.")
    logs: SwitchVariables = setting(SwitchVariables(), "Variables that switch logs.")

    def of(self, signal: str) -> SwitchVariables:
        """The variables of `traces`, `metrics` or `logs`."""
        return {"traces": self.traces, "metrics": self.metrics, "logs": self.logs}[signal]


class ServiceNames(Model):
    """Where the service name comes from, beside OTEL_SERVICE_NAME."""

    variables: Annotated[tuple[types.VariableName, ...], types.LAX] = setting(
        (), "Further variables that get the service name.", shown="none", example="[ACME_SERVICE_NAME]"
    )
    fixed: dict[types.Word, types.ServiceName] = setting(
        {},
        "Services whose name is in their code: the image's repository, in which * stands for any text, and the name.",
        example='{"*/acme/gateway": acme-gateway}',
    )


class SdkProfile(Model):
    """What an SDK reads and understands. What a profile does not say is as OpenTelemetry's specification has it."""

    telemetry: bool = setting(
        True, "The container has telemetry; without it nothing is injected, and a result says so.", example="false"
    )
    reads: types.Words = setting(
        ("*",),
        "The variables that the SDK reads, as names in which * stands for any text.",
        shown="all of them",
        example="[OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER*]",
        note="A signal whose own endpoint is not read gets the general one; a setting whose variable is not read gets "
        "a warning (`sdk-cannot-express`).",
    )
    protocols: Annotated[tuple[Protocol, ...], types.LAX, types.TypeName("list of protocols")] = setting(
        ("grpc", "http"), "The OTLP protocols that it speaks.", shown="[grpc, http]", example="[grpc]", min_length=1
    )
    propagators: types.Words = setting(
        (),
        "The formats of context propagation, for an SDK that does not read OTEL_PROPAGATORS.",
        shown="none",
        example="[tracecontext]",
    )
    samplers: Samplers = setting(Samplers(), "How it spells samplers.")
    switches: Switches = setting(Switches(), "How it switches signals on and off.")
    span_filters: Annotated[tuple[types.VariableName, ...], types.LAX] = setting(
        (),
        "Variables that filter spans as they filter log lines, in the syntax of Rust's tracing.",
        shown="none",
        example="[RUST_LOG]",
        note="A filter above `info` gets an info result (`sdk-spans-filtered`).",
    )
    service_name: ServiceNames = setting(ServiceNames(), "Where it takes its service name from.")

    def does_read(self, variable: str) -> bool:
        """Whether the SDK reads a variable."""
        return "*" in self.reads or any(fits(variable, pattern) for pattern in self.reads)

    def sampler(self, stage: SamplingStage) -> str:
        """The value of OTEL_TRACES_SAMPLER."""
        return self.samplers.collector if stage == "collector" else self.samplers.sdk


class SdkRule(Model):
    """Containers that have an SDK profile: those that fit everything that an entry says."""

    profile: types.Word = setting(REQUIRED, "The name of the profile.", example="oaas-rs")
    role: Literal["function", "odgm", "platform"] | None = setting(
        None, "What the container runs.", shown="any", example="odgm"
    )
    component: types.Word | None = setting(None, "The component of the platform.", shown="any", example="gateway")
    container: types.Word | None = setting(
        None, "The container's name, in which * stands for any text.", shown="any", example="worker-*"
    )
    image: types.Word | None = setting(
        None,
        "The repository of its image, without tag and digest, in which * stands for any text.",
        shown="any",
        example='"*/oaas-rs/odgm"',
    )

    @property
    def conditions(self) -> str:
        """What a container must have, for messages."""
        wanted = {name: getattr(self, name) for name in self.settings if name != "profile"}
        return ", ".join(f"{name}: {value}" for name, value in wanted.items() if value is not None)

    def fits(self, role: str, component: str, container: str, repository: str) -> bool:
        """Whether a container fits; `component` is empty outside the platform."""
        exact = (self.role, role), (self.component, component)
        patterns = (self.container, container), (self.image, repository)
        return all(wanted in (None, found) for wanted, found in exact) and all(
            pattern is None or fits(found, pattern) for pattern, found in patterns
        )


class Sdk(Model):
    """The SDKs of containers."""

    select: Annotated[tuple[SdkRule, ...], types.LAX] = setting(
        (), "Which containers have which profile; the first entry that fits decides."
    )
    profiles: dict[types.Word, SdkProfile] = setting(
        {}, "Profiles by name, in addition to spec, oaas-rs and none; one of the same name replaces that."
    )
