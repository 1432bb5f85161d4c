"""Inputs: texts, items, the function config, the environment."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

ALIASES_TOO_LARGE: Final = Rule(
    "aliases-too-large",
    "error",
    "A block is nested too deeply, or its YAML aliases expand to too much data.",
    "Write the values out.",
    example="observability is nested too deeply, or its aliases expand to too much data: write its values out",
)
API_VERSION: Final = Rule(
    "api-version",
    "error",
    "The apiVersion of an OTelConfig is not `fn.oaas.io/v1alpha1`.",
    "Write `apiVersion: fn.oaas.io/v1alpha1`.",
    example="apiVersion is not that of an OTelConfig: write fn.oaas.io/v1alpha1",
)
ATTRIBUTE_PAIR: Final = Rule(
    "attribute-pair",
    "error",
    "An entry of `resource_attributes` in the flat form is not a pair `key=value` with a percent-encoded value.",
    "Write `key=value,key2=value2`.",
    example="resource_attributes has the entry team, which is not a pair: write key=value,key2=value2",
)
CANNOT_EDIT: Final = Rule(
    "cannot-edit",
    "error",
    "An object cannot be edited without changing something else: there is an alias, a shared anchor, a merge key or a "
    "duplicate key on the path.",
    "Write the value out at that path.",
    example="this cannot be edited safely: the text ends in a block scalar without a line break: add one",
)
CONFIG_ABSENT: Final = Rule(
    "config-absent",
    "warning",
    "Only the OTelConfig (or flat ConfigMap) enabled a class, and it is not in the input, so krm-otel keeps what it "
    "injected and generated.",
    "Add it to the input. If it is deleted, write `enabled: false` in the ClassRuntime. See [half an "
    "input](matching.md#half-an-input).",
    example="the OTelConfig that enabled class echo is not in the input, so what it added is kept as it is: if it is "
    "gone for good, write enabled: false in the ClassRuntime's spec.observability, or run uninject",
)
CONFIG_TWICE: Final = Rule(
    "config-twice",
    "error",
    "The input has two different OTelConfigs, and neither is the function config.",
    "Keep one, or give one as function config.",
    example="OTelConfig one in items[1] and OTelConfig two in items[2] are both in the input: keep one, or give one "
    "as function config",
)
CONFIG_UNUSED: Final = Rule(
    "config-unused",
    "info",
    "An OTelConfig among the items is not used, because another one is the function config.",
    "Nothing, or remove the OTelConfig.",
    example="OTelConfig another is not used, since OTelConfig otel is given as function config",
)
DUPLICATE_KEY: Final = Rule(
    "duplicate-key",
    "error",
    "A mapping has a key more than once.",
    "Keep one of them.",
    example="enabled is in its mapping more than once: keep one of them",
)
FUNCTION_CONFIG_KIND: Final = Rule(
    "function-config-kind",
    "error",
    "The function config has a kind or version that krm-otel does not accept.",
    "Give an OTelConfig, a `v1` ConfigMap or a ClassRuntime.",
    example="functionConfig is not an object: write an OTelConfig, or leave it out",
)
INPUT_MALFORMED: Final = Rule(
    "input-malformed",
    "error",
    "The ResourceList does not follow the KRM Functions Specification.",
    "Fix the program that calls krm-otel.",
    example="the input has a ResourceList and other documents: send one ResourceList, or a plain stream of manifests",
)
NOT_UTF8: Final = Rule(
    "not-utf8",
    "error",
    "An environment variable is not UTF-8.",
    "Write its value in UTF-8.",
)
UNKNOWN_VARIABLE: Final = Rule(
    "unknown-variable",
    "warning",
    "An environment variable `OPRC_CRM_OTEL_*` is not known, so krm-otel does not read it.",
    "Correct its name.",
    example="OPRC_CRM_OTEL_SAMPLE_RATE is not a known variable and is not read: write OPRC_CRM_OTEL_SAMPLING_RATE",
)
UNREADABLE_INPUT: Final = Rule(
    "unreadable-input",
    "error",
    "The input is not UTF-8, or is neither YAML nor JSON.",
    "Save the input as UTF-8, and correct the line that the result names.",
    example="the input is not YAML or JSON: found invalid Unicode character escape code",
    otherwise="warning for a file of a folder that was given as a whole",
)
UNREADABLE_ITEM: Final = Rule(
    "unreadable-item",
    "error",
    "An object of the input cannot be read by itself, so krm-otel passes it through unchanged.",
    "Correct its YAML. Replace an alias to another object with its value.",
    example="did not find expected ',' or '}' (line 5 of it); krm-otel has to read every ClassRuntime: correct it",
    otherwise="warning for a file, and for kinds that krm-otel neither reads nor edits",
)
