"""What comes in: texts, items, the function config, the environment."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

ALIASES_TOO_LARGE: Final = Rule(
    "aliases-too-large",
    "error",
    "A block is nested too deep, or its YAML aliases expand to more than can be held.",
    "Write the values out.",
    example="observability is nested too deep, or its aliases expand to more than can be held: write its values out",
)
API_VERSION: Final = Rule(
    "api-version",
    "error",
    "An OTelConfig has another apiVersion than `fn.oaas.io/v1alpha1`.",
    "Write `apiVersion: fn.oaas.io/v1alpha1`.",
    example="apiVersion is not that of an OTelConfig: write fn.oaas.io/v1alpha1",
)
ATTRIBUTE_PAIR: Final = Rule(
    "attribute-pair",
    "error",
    "An entry of the flat form's `resource_attributes` is not `key=value`, percent-encoded.",
    "Write `k=v,k2=v2`.",
    example="resource_attributes has the entry team, which is not a pair: write key=value,key2=value2",
)
CANNOT_EDIT: Final = Rule(
    "cannot-edit",
    "error",
    "The object cannot be edited without changing something else: there is an alias, a shared anchor, a merge key or a "
    "duplicate key on the path.",
    "Write the value out at that path.",
    example="this cannot be edited safely: the text ends in a block scalar without a line break: add one",
)
CONFIG_ABSENT: Final = Rule(
    "config-absent",
    "warning",
    "Only the OTelConfig (or flat ConfigMap) enabled a class, and it is not in the input; what was injected "
    "and generated is kept.",
    "Give it with the input; where it is gone for good, write `enabled: false` in the ClassRuntime. See [half "
    "an input](matching.md#half-an-input).",
    example="the OTelConfig that enabled class echo is not in the input, so what it added is kept as it is: if it "
    "is gone for good, write enabled: false in the ClassRuntime's spec.observability, or run uninject",
)
CONFIG_TWICE: Final = Rule(
    "config-twice",
    "error",
    "The input has two different OTelConfigs, and none is given as function config.",
    "Keep one, or give one as function config.",
    example="OTelConfig one in items[1] and OTelConfig two in items[2] are both in the input: keep one, or give one as "
    "function config",
)
CONFIG_UNUSED: Final = Rule(
    "config-unused",
    "info",
    "An OTelConfig among the items is not used, since another one is given as function config.",
    "Nothing, or remove it.",
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
    "The function config is of a kind that is not accepted.",
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
    "Write it in UTF-8.",
)
UNKNOWN_VARIABLE: Final = Rule(
    "unknown-variable",
    "warning",
    "An environment variable `OPRC_CRM_OTEL_*` is not known and is not read.",
    "Correct its name.",
    example="OPRC_CRM_OTEL_SAMPLE_RATE is not a known variable and is not read: write OPRC_CRM_OTEL_SAMPLING_RATE",
)
UNREADABLE_INPUT: Final = Rule(
    "unreadable-input",
    "error",
    "The input is not UTF-8, or neither YAML nor JSON.",
    "Mend it.",
    example="the input is not YAML or JSON: line 1: found invalid Unicode character escape code",
    otherwise="warning for a file of a folder that was given as a whole",
)
UNREADABLE_ITEM: Final = Rule(
    "unreadable-item",
    "error",
    "An object of the input cannot be read by itself. It is passed through as it is.",
    "Correct its YAML; replace an alias to another object with its value.",
    example="did not find expected ',' or '}' (line 5 of it); krm-otel has to read every ClassRuntime: correct it",
    otherwise="warning for a file, and for kinds that krm-otel neither reads nor edits",
)
