"""Classes: their names, what they may not exceed, what becomes of them."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

CLASS_ABSENT: Final = Rule(
    "class-absent",
    "warning",
    "The class of an injected workload is not in the input; what was injected is kept.",
    "Give the whole input; where the class is gone for good, `prune: true` or `krm-otel uninject`.",
    example="ClassRuntime echo is not in the input, so what was injected for it is kept as it is: if it is gone for "
    "good, set prune: true in the OTelConfig, or run uninject",
)
CLASS_AMBIGUOUS: Final = Rule(
    "class-ambiguous",
    "error",
    "A workload belongs to two classes by the same rule.",
    "Write the annotation `oaas.io/class-runtime` with one of them.",
    example="the annotation names both a-echo and b-echo: write a name that only one of these classes has or had",
)
CLASS_HELD_BACK: Final = Rule(
    "class-held-back",
    "warning",
    "With `on_error: degrade`: a workload that has errors keeps what it had, and the class wants other objects "
    "under the same names (a ConfigMap for another mode, say), without which the workload's telemetry would "
    "stop. So the whole class keeps what it had.",
    "Fix the workload; its own result says how.",
    example="Deployment one has errors and keeps what it had, and needs ConfigMap one-otel-config as it is, so the "
    "whole class keeps what it had: fix Deployment one first",
)
CLASS_NAME_MISSING: Final = Rule(
    "class-name-missing",
    "error",
    "A ClassRuntime has no `metadata.name`.",
    "Write one.",
    example="metadata.name is missing: write the name of the class",
)
CLASS_NAME_RESERVED: Final = Rule(
    "class-name-reserved",
    "error",
    "A ClassRuntime is called `oaas-platform`.",
    "Choose another name.",
    example="metadata.name oaas-platform is that of the platform's own components: write another name",
)
CLASS_NAME_TWICE: Final = Rule(
    "class-name-twice",
    "error",
    "Two ClassRuntimes have the same name and namespace.",
    "Rename or remove one.",
    example="metadata.name echo without namespace is that of two ClassRuntimes, in items[0] and in items[1]: rename or "
    "remove one",
)
CLASS_NOT_FOUND: Final = Rule(
    "class-not-found",
    "warning",
    "The annotation `oaas.io/class-runtime` names no class of the workload's namespace in the input.",
    "Correct the name, or add the class to the input.",
    example="no class without a namespace has the name ehco: did you mean echo?",
)
CLASS_WITHOUT_WORKLOAD: Final = Rule(
    "class-without-workload",
    "warning",
    "Nothing belongs to an enabled class.",
    "Label the workload with `oaas.io/owner`, or annotate it. See [matching](matching.md#the-rules).",
    example="no workload belongs to class one; tried: annotation oaas.io/class-runtime, label oaas.io/owner, "
    "ownerReferences, names <class>, <class>-fn-<i> and <class>-odgm with their containers: write the "
    "annotation oaas.io/class-runtime: one on its workloads",
)
LIMIT_BACKEND: Final = Rule(
    "limit-backend",
    "error",
    "A ClassRuntime names a backend that the limits do not allow.",
    "Name one that fits, or ask the platform.",
    example="collector.exporters.traces names the backend other, which the OTelConfig does not allow: write one that "
    "fits tempo",
)
LIMIT_ENDPOINT: Final = Rule(
    "limit-endpoint",
    "error",
    "A ClassRuntime names an endpoint that the limits do not allow.",
    "As above.",
    example="collector.endpoint names the endpoint http://evil.example.com:4317, which the OTelConfig does not allow: "
    "write one that fits http://*.shop.svc:4317",
)
LIMIT_IMAGE: Final = Rule(
    "limit-image",
    "error",
    "A ClassRuntime names an image that the limits do not allow.",
    "As above.",
    example="collector.image names the image docker.io/otel/collector:1, which the OTelConfig does not allow: write "
    "one that fits mirror/*",
)
LIMIT_SAMPLING_RATE: Final = Rule(
    "limit-sampling-rate",
    "warning",
    "A ClassRuntime's sampling rate is above the limit and was clamped to it.",
    "Write the limit or less.",
    example="telemetry.sampling_rate is above the limit of the OTelConfig, 0.2 is used: write 0.2 or less",
)
PLATFORM_COMPONENT_AMBIGUOUS: Final = Rule(
    "platform-component-ambiguous",
    "error",
    "The labels of a workload fit two platform components.",
    "Give them `match_labels` that only one of them has.",
    example="the labels of this workload fit the platform components edge and gateway: give these components "
    "match_labels that only one of them has",
)
PLATFORM_RATE_BELOW_CLASS: Final = Rule(
    "platform-rate-below-class",
    "warning",
    "The platform's sampling rate is below this class's; traces that begin at the gateway get the platform's.",
    "Raise the one or lower the other.",
    example="the platform's sampling rate 0.01 is below this class's 0.2: traces that begin at the gateway are sampled "
    "at 0.01, whatever the class says",
)
REQUIREMENT_INVALID: Final = Rule(
    "requirement-invalid",
    "warning",
    "A number in `nfr_requirements` of a ClassRuntime is none that a rule could be made of; "
    "`rules.requirements` makes none of it.",
    "Write a number above 0; at most 100 for `availability_pct`.",
    example="spec.nfr_requirements.max_latency_ms must be a number above 0, so there is no rule for it",
)
TELEMETRY_CONFIGURED: Final = Rule(
    "telemetry-configured",
    "info",
    "The condition `TelemetryConfigured` of a class: `True` (`Injected`), or `False`: `NoWorkload`, "
    "`NoBackend` (the collector only prints what it gets). With `status: write` it stands in the ClassRuntime "
    "instead.",
    "[Status](status.md) says more.",
    example="TelemetryConfigured is False (NoWorkload): no workload of this class is instrumented",
)
TELEMETRY_DEGRADED: Final = Rule(
    "telemetry-degraded",
    "warning",
    "With `on_error: degrade`: the settings of a class have errors, or an object that it needs has a name that "
    "is taken, or some of its workloads have errors, so these keep what they had. The condition is "
    "`TelemetryDegraded`, its reason `ConfigApplyError`.",
    "Fix the errors, which are reported as warnings.",
    example="TelemetryDegraded is True (ConfigApplyError): 1 workload cannot be instrumented and keeps what it had",
)
TELEMETRY_UNREAD: Final = Rule(
    "telemetry-unread",
    "warning",
    "A ClassRuntime has upstream's `spec.telemetry` with `enabled: true`, and a `spec.observability` without "
    "`enabled`: krm-otel reads only the latter.",
    "Write `enabled: true` in `spec.observability`, and move the rest there.",
    example="enabled is missing, and spec.telemetry with enabled: true is not read together with "
    "spec.observability: write enabled: true here, and the other fields of spec.telemetry under telemetry",
)
