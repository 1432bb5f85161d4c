"""Near misses: what a user most likely meant for krm-otel, and what krm-otel does not read."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

BLOCK_MISPLACED: Final = Rule(
    "block-misplaced",
    "warning",
    "A ClassRuntime has `observability` beside its `spec`, or in its `metadata`, where nobody reads it.",
    "Indent it, so that it is `spec.observability`.",
    example="observability is not in spec, so krm-otel does not read it: write it in spec, as spec.observability",
)
CLASSES_ENTRY_UNMATCHED: Final = Rule(
    "classes-entry-unmatched",
    "warning",
    "The OTelConfig has settings for a class that the input does not have.",
    "Correct the name, or remove the entry.",
    example="classes.ehco is of no class in the input: did you mean echo?",
    otherwise="info where the input may be a part of the whole and no class has a similar name",
)
COMPONENT_UNMATCHED: Final = Rule(
    "component-unmatched",
    "warning",
    "The labels of a platform component fit no workload of the input, so the component sends no telemetry.",
    "Write labels that the workload has, on itself or on its pod template.",
    example="platform.components.gateway.match_labels fits no workload: none has app: gateway: write "
    "labels that the workload of this component has",
    otherwise="info where the input may be a part of the whole",
)
KIND_MISSPELT: Final = Rule(
    "kind-misspelt",
    "warning",
    "An object has nearly the kind of a ClassRuntime or an OTelConfig, or the kind in another API group, so krm-otel "
    "does not read it.",
    "Write the kind and apiVersion that the message names.",
    example="kind OtelConfig is no kind that krm-otel reads: write OTelConfig",
)
METADATA_KEY: Final = Rule(
    "metadata-key",
    "warning",
    "A workload has a label or annotation that is nearly one that krm-otel reads, or a label where it reads an "
    "annotation, or the other way round.",
    "Write the key that the message names, in the section that it names.",
    example="oaas.io/ownr is no label that krm-otel reads: write oaas.io/owner",
)
NOT_ENABLED: Final = Rule(
    "not-enabled",
    "warning",
    "A class has settings, but nothing says that its telemetry is on, so it is off.",
    "Write `enabled: true`, or `enabled: false` if that is what you mean.",
    example="observability.enabled is missing, so the class is off: write enabled: true",
)
SDK_SELECT_UNMATCHED: Final = Rule(
    "sdk-select-unmatched",
    "warning",
    "An entry of `sdk.select` fits no container of a class or of the platform, so no container gets its SDK profile.",
    "Write what the container has: its name, its image without tag and digest, its role or its component.",
    example="sdk.select[1] fits no container (image: mirror.example/cart:1.4): write image: mirror.example/cart",
    otherwise="info where the input may be a part of the whole",
)
