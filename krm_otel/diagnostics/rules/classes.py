"""Classes: their names, their limits, and their conditions."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

CLASS_ABSENT: Final = Rule(
    "class-absent",
    "warning",
    "The class of an injected workload is not in the input, so krm-otel keeps what it injected.",
    "Give krm-otel the whole input. If the class is deleted, write `prune: true` in the OTelConfig, or run `krm-otel "
    "uninject`.",
    example="ClassRuntime echo is not in the input, so what was injected for it is kept as it is: if it is gone for "
    "good, set prune: true in the OTelConfig, or run uninject",
)
CLASS_AMBIGUOUS: Final = Rule(
    "class-ambiguous",
    "error",
    "Two classes match a workload by the same rule.",
    "Write the annotation `oaas.io/class-runtime` with the name of one of them.",
    example="the annotation names both a-echo and b-echo: write a name that only one of these classes has or had",
)
CLASS_HELD_BACK: Final = Rule(
    "class-held-back",
    "warning",
    "With `on_error: degrade`: a workload has errors and keeps what it had. Its class would replace an object that "
    "this workload needs, such as a ConfigMap, so the whole class keeps what it had.",
    "Fix the workload, as its own result says.",
    example="Deployment one has errors and keeps what it had, and needs ConfigMap one-otel-config as it is, so the "
    "whole class keeps what it had: fix Deployment one first",
)
CLASS_NAME_MISSING: Final = Rule(
    "class-name-missing",
    "error",
    "A ClassRuntime has no `metadata.name`.",
    "Write the name of the class.",
    example="metadata.name is missing: write the name of the class",
)
CLASS_NAME_RESERVED: Final = Rule(
    "class-name-reserved",
    "error",
    "A ClassRuntime has a name that krm-otel reserves: `oaas-platform` for the platform's own components, or "
    "`oaas-otel` for the collectors of mode `daemonset`.",
    "Write another name.",
    example="metadata.name oaas-platform is reserved for the platform's own components: write another name",
)
CLASS_NAME_TWICE: Final = Rule(
    "class-name-twice",
    "error",
    "Two ClassRuntimes have the same name and namespace.",
    "Rename or remove one of them.",
    example="metadata.name echo without namespace belongs to two ClassRuntimes, in items[0] and in items[1]: rename "
    "or remove one",
)
CLASS_NOT_FOUND: Final = Rule(
    "class-not-found",
    "warning",
    "The annotation `oaas.io/class-runtime` names a class that the input does not have in the workload's namespace; or "
    "the label `oaas.io/owner` does, and another class is probably meant.",
    "Correct the name or the namespace, or add the class to the input.",
    example="no class without a namespace has the name ehco: did you mean echo?",
    otherwise="info for a label where the input may be a part of the whole",
)
CLASS_RENAMED: Final = Rule(
    "class-renamed",
    "info",
    "A label or annotation names a class as it was called before a build added a prefix or suffix.",
    "Nothing. To be explicit, write the annotation `oaas.io/class-runtime` with the new name.",
    example="cart is read as the class prod-cart-v2, since both it and this workload have prod- and -v2",
)
CLASS_WITHOUT_WORKLOAD: Final = Rule(
    "class-without-workload",
    "warning",
    "No workload belongs to an enabled class.",
    "Write the label `oaas.io/owner` or the annotation `oaas.io/class-runtime` on its workloads. See "
    "[matching](matching.md#the-rules).",
    example="no workload belongs to class one; tried: annotation oaas.io/class-runtime, label oaas.io/owner, "
    "ownerReferences, names <class>, <class>-fn-<i> and <class>-odgm with their containers: write the annotation "
    "oaas.io/class-runtime: one on its workloads",
)
COLLECTOR_UNUSED: Final = Rule(
    "collector-unused",
    "warning",
    "Every workload of a class keeps an endpoint of its own, as where upstream's CRM has injected one, so nobody sends "
    "to the class's collector.",
    "Write `adopt: true` in the OTelConfig, which takes the endpoints over, or the endpoint in `collector.endpoint`.",
    example="the collector of record gets nothing, since all workloads keep an endpoint of their own: write adopt: "
    "true in the OTelConfig to take them over, or collector.endpoint to have no collector",
)
LIMIT_BACKEND: Final = Rule(
    "limit-backend",
    "error",
    "A ClassRuntime names a backend that `limits.backends` of the OTelConfig does not allow.",
    "Name an allowed backend, or ask the owner of the OTelConfig to allow it.",
    example="collector.exporters.traces names the backend other, which the OTelConfig does not allow: write one that "
    "fits tempo",
)
LIMIT_ENDPOINT: Final = Rule(
    "limit-endpoint",
    "error",
    "A ClassRuntime names an endpoint that `limits.endpoints` of the OTelConfig does not allow.",
    "Write an allowed endpoint, or ask the owner of the OTelConfig to allow it.",
    example="collector.endpoint names the endpoint http://evil.example.com:4317, which the OTelConfig does not allow: "
    "write one that fits http://*.shop.svc:4317",
)
LIMIT_IMAGE: Final = Rule(
    "limit-image",
    "error",
    "A ClassRuntime names an image that `limits.images` of the OTelConfig does not allow.",
    "Write an allowed image, or ask the owner of the OTelConfig to allow it.",
    example="collector.image names the image docker.io/otel/collector:1, which the OTelConfig does not allow: write "
    "one that fits mirror/*",
)
LIMIT_SAMPLING_RATE: Final = Rule(
    "limit-sampling-rate",
    "warning",
    "A ClassRuntime's sampling rate is above `limits.sampling_rate` of the OTelConfig, so krm-otel uses the limit.",
    "Write the limit, or a lower rate.",
    example="telemetry.sampling_rate is above the limit of the OTelConfig, so 0.2 is used: write 0.2 or less",
)
PLATFORM_COMPONENT_AMBIGUOUS: Final = Rule(
    "platform-component-ambiguous",
    "error",
    "The labels of a workload match two components of the platform.",
    "Write `match_labels` that only one of the components has.",
    example="the labels of this workload fit the platform components edge and gateway: give these components "
    "match_labels that only one of them has",
)
PLATFORM_RATE_BELOW_CLASS: Final = Rule(
    "platform-rate-below-class",
    "warning",
    "The platform's sampling rate is below that of this class. Traces that begin at the gateway are sampled at the "
    "platform's rate.",
    "Raise the platform's rate, or lower that of the class.",
    example="the platform's sampling rate 0.01 is below this class's 0.2: traces that begin at the gateway are "
    "sampled at 0.01, whatever the class says",
)
REQUIREMENT_INVALID: Final = Rule(
    "requirement-invalid",
    "warning",
    "A value in `nfr_requirements` of a ClassRuntime is not a usable number, so `rules.requirements` makes no rule "
    "for it.",
    "Write a number above 0; at most 100 for `availability_pct`.",
    example="spec.nfr_requirements.max_latency_ms must be a number above 0, so there is no rule for it",
)
SERVICE_NAME_SHARED: Final = Rule(
    "service-name-shared",
    "info",
    "Several functions of a class have one service name, so that backends show them as one service.",
    'Write `service_name_template: "{class}-{function_key}"` in `telemetry` of the OTelConfig, if you want them apart.',
    example="the functions hello and bye have the same service name, echo-function: write service_name_template: "
    '"{class}-{function_key}" in the OTelConfig',
)
TELEMETRY_CONFIGURED: Final = Rule(
    "telemetry-configured",
    "info",
    "The condition `TelemetryConfigured` of a class. It is `True` (`Injected`), or `False` with the reason "
    "`NoWorkload` or `NoBackend` (the collector only prints what it receives). With `status: write` krm-otel writes "
    "it into the ClassRuntime, not into the results.",
    "Nothing for `True`. Otherwise see the reason in [status](status.md).",
    example="TelemetryConfigured is False (NoWorkload): no workload of this class is instrumented",
)
TELEMETRY_DEGRADED: Final = Rule(
    "telemetry-degraded",
    "warning",
    "With `on_error: degrade`: the class or some of its workloads have errors, or another object has the name of an "
    "object that the class needs. They keep what they had. The condition is `TelemetryDegraded` with the reason "
    "`ConfigApplyError`.",
    "Fix the errors, which krm-otel reports as warnings.",
    example="TelemetryDegraded is True (ConfigApplyError): 1 workload cannot be instrumented and keeps what it had",
)
TELEMETRY_UNREAD: Final = Rule(
    "telemetry-unread",
    "warning",
    "A ClassRuntime has upstream's `spec.telemetry` with `enabled: true`, and a `spec.observability` without "
    "`enabled`: krm-otel reads only the latter.",
    "Write `enabled: true` in `spec.observability`, and move the other fields of `spec.telemetry` to "
    "`spec.observability.telemetry`.",
    example="enabled is missing, and spec.telemetry with enabled: true is not read together with spec.observability: "
    "write enabled: true here, and the other fields of spec.telemetry under telemetry",
)
