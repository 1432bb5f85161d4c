"""Fields: the type and the value of a single field."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

ANNOTATION_INVALID: Final = Rule(
    "annotation-invalid",
    "error",
    "The key of an annotation is not valid.",
    "Write a key such as `prometheus.io/scrape`.",
    example="dashboards.folder_annotation must have an annotation's key such as prometheus.io/scrape",
)
ATTRIBUTE_KEY: Final = Rule(
    "attribute-key",
    "error",
    "`OTEL_RESOURCE_ATTRIBUTES` cannot contain the key of a resource attribute.",
    'Use printable ASCII without spaces and `= , % ; " \\`.',
    example='telemetry.resource_attributes[a=b] must be a key of printable ASCII without spaces and = , % ; " \\: '
    "write a_b",
)
CIDR_INVALID: Final = Rule(
    "cidr-invalid",
    "error",
    "A network of addresses is not valid.",
    "Write an address and the length of its prefix, such as `10.0.0.0/16`.",
    example="collector.network_policy.cidrs[0] must be a network of addresses: write 10.0.0.0/16",
)
CONTROL_CHARACTER: Final = Rule(
    "control-character",
    "error",
    "A text contains a control character.",
    "Remove the character.",
    example="telemetry.resource_attributes.team contains the control character U+000A: leave it out",
)
DATA_KEY: Final = Rule(
    "data-key",
    "error",
    "A key of a Secret or ConfigMap is not valid.",
    "Use letters, digits, `-`, `_` and `.`.",
    example="collector.headers.tenant.key must be a key of a Secret or ConfigMap: letters, digits, -, _ and . (at "
    "most 253)",
)
DURATION_INVALID: Final = Rule(
    "duration-invalid",
    "error",
    "A duration is not written as Go or, for Prometheus, as Prometheus writes it, or it is too long.",
    "Write a duration such as `200ms`, `10s` or `1m30s`.",
    example="collector.tail_sampling.decision_wait must be a duration such as 200ms, 10s or 1m30s",
)
EMPTY: Final = Rule(
    "empty",
    "error",
    "A list or mapping needs at least one entry.",
    "Write an entry, or leave the field out.",
    example="platform.components.router.match_labels must not be empty: write at least one entry",
)
HEADER_NAME: Final = Rule(
    "header-name",
    "error",
    "The name of a header is not valid.",
    "Use letters, digits and `-`, as in `X-Scope-OrgID`.",
    example="collector.headers[a b] must have a header's name as its key: letters, digits and - as in X-Scope-OrgID",
)
HEADER_TWICE: Final = Rule(
    "header-twice",
    "error",
    "Two spellings of one header are written. Names of headers do not distinguish upper and lower case.",
    "Leave one of them out.",
    example="collector.headers.x-scope-orgid is the same header as X-Scope-OrgID: leave one of them out",
)
HEADER_VALUE: Final = Rule(
    "header-value",
    "error",
    "The value of a header has characters that a header cannot have.",
    "Write printable ASCII without blanks at the ends.",
    example="collector.headers.X-Tenant must be printable ASCII, as values of headers are",
)
KEY_RESERVED: Final = Rule(
    "key-reserved",
    "error",
    "A label or annotation for generated objects (`labels`, `annotations`, `folder_annotation`) has a key that "
    "krm-otel sets itself, to select, prune or roll them.",
    "Write another key, or leave it out.",
    example="rules.labels[oaas.io/owner] is a label that krm-otel sets itself: write another key, or leave it out",
)
KIND_INVALID: Final = Rule(
    "kind-invalid",
    "error",
    "An entry of `kinds` has an apiVersion or kind that no manifest can have.",
    "Write an apiVersion such as `argoproj.io/v1alpha1`, and a kind such as `Rollout`.",
    example="kinds[0].kind must be a kind such as Rollout: write Rollout",
)
KIND_PATH: Final = Rule(
    "kind-path",
    "error",
    "An entry of `kinds` has a path that does not consist of field names with dots between them.",
    "Write a path such as `spec.template`.",
    example="kinds[0].path must be the dotted path of the pod template: write spec.template",
)
LABEL_INVALID: Final = Rule(
    "label-invalid",
    "error",
    "The key or value of a label is not valid.",
    "Write a key such as `app.kubernetes.io/name`. A value has at most 63 letters, digits, `-`, `_` and `.`.",
    example="monitors.labels[a..b/c] must have a Kubernetes label key such as app.kubernetes.io/name",
)
LITERAL_HEADER: Final = Rule(
    "literal-header",
    "error",
    "The value of a header that may be a credential does not come from a Secret.",
    "Write `{secret: <name>, key: <key>}`. A header that only names a tenant or a dataset, such as `X-Scope-OrgID`, "
    "may have its value written out; for a header that krm-otel does not know, write `{value: <text>}`.",
    example="collector.headers.authorization takes its value from a Secret only: write {secret: <name>, key: <key>}",
)
LITERAL_SECRET: Final = Rule(
    "literal-secret",
    "error",
    "A credential stands as plain text in `collector.config`, `collector.env`, a header or a resource attribute.",
    "In `collector.config` write `${env:NAME}`, and `collector.env.NAME` with its Secret. In `collector.env` write "
    "`{secret: <name>, key: <key>}`.",
    example="collector.config.extensions.bearertokenauth.token is a credential as plain text: write ${env:NAME}, and "
    "collector.env.NAME with its Secret",
)
MISSING_FIELD: Final = Rule(
    "missing-field",
    "error",
    "A required field is missing.",
    "Write the field.",
    example="platform.components.gateway.match_labels is missing: write it, for example match_labels: {app: gateway}",
)
NOT_A_WORD: Final = Rule(
    "not-a-word",
    "error",
    "A name or pattern is empty or contains white space.",
    "Write a name or pattern without white space.",
    example="skip_containers[0] must not be empty or contain white space: write istioproxy",
)
NUMBER_RANGE: Final = Rule(
    "number-range",
    "error",
    "A number is too small or too large.",
    "Write a number in the range that the message gives.",
    example="collector.replicas must be from 1 to 1000000000: write 1 or more",
)
OBJECT_NAME: Final = Rule(
    "object-name",
    "error",
    "The name of a Kubernetes object or namespace is not valid.",
    "Use lower-case letters, digits and `-`. Names of objects may also contain `.`.",
    example="collector.headers.team.secret must be the name of a Kubernetes object: lower-case letters, digits, - "
    "and . (at most 253)",
)
QUANTITY_INVALID: Final = Rule(
    "quantity-invalid",
    "error",
    "An amount of a resource is not a Kubernetes quantity.",
    "Write an amount such as `100m` or `256Mi`.",
    example="collector.resources.limits.memory must be a Kubernetes quantity such as 100m or 256Mi",
)
SERVICE_NAME_EMPTY: Final = Rule(
    "service-name-empty",
    "error",
    "A service name is empty or contains only white space.",
    "Write a name, or leave the field out.",
    example="telemetry.service_name must not be empty: write a name, or leave the field out",
)
TEMPLATE_PLACEHOLDER: Final = Rule(
    "template-placeholder",
    "error",
    "`service_name_template` has an unknown placeholder or an unmatched brace, or `service_name` has a placeholder.",
    "Use `{class}`, `{class_key}`, `{container}`, `{function_key}`, `{workload}`, `{namespace}` and `{label:<key>}`, "
    "all of them in `service_name_template` only.",
    example="telemetry.service_name_template has an unmatched brace: write {class}-{container}",
)
UNKNOWN_FIELD: Final = Rule(
    "unknown-field",
    "error",
    "A field is unknown, or at the wrong level.",
    "Write the field that the message proposes.",
    example="collector.pod.topology_spread_constraints[1].topology is not a known field: write topologyKey",
    otherwise="warning in upstream's `spec.telemetry`, and for what looks like `observability`",
)
UNKNOWN_VALUE: Final = Rule(
    "unknown-value",
    "error",
    "A value is not one of the allowed values.",
    "Write one of the values that the message lists.",
    example="OPRC_CRM_OTEL_MODE must be one of sidecar, deployment, daemonset or external: write sidecar",
)
VARIABLE_NAME: Final = Rule(
    "variable-name",
    "error",
    "A key of `collector.env` is not the name of a variable, or is a variable that krm-otel sets itself.",
    "Write another name.",
    example="collector.env.a-b must be a variable's name: letters, digits and _, as in API_TOKEN",
)
WRONG_TYPE: Final = Rule(
    "wrong-type",
    "error",
    "A value does not have the type of its field.",
    "Write a value of the type that the message gives.",
    example="collector must be a mapping with the fields mode, image, endpoint and exporters",
)
