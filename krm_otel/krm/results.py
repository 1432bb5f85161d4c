"""Results: what a function has to say, as data (KRM Functions Specification, `results`).

Faults are never raised, they are returned. Each has a stable `code`; `CODES` says in one sentence what it means,
and the documentation lists that table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Severity = Literal["error", "warning", "info"]
_RANK: Final[dict[str, int]] = {"error": 0, "warning": 1, "info": 2}

CODES: Final[dict[str, str]] = {
    "aliases-too-large": "A block is nested too deep, or its aliases expand to more than can be held.",
    "annotation-invalid": "The key of an annotation is not a valid one.",
    "api-version": "An OTelConfig has another apiVersion than fn.oaas.io/v1alpha1.",
    "attribute-key": "The key of a resource attribute cannot be carried by OTEL_RESOURCE_ATTRIBUTES.",
    "attribute-pair": "An entry of the flat form's resource_attributes is not key=value, percent-encoded.",
    "attributes-merged": "OTEL_RESOURCE_ATTRIBUTES is set in the manifest; its keys are kept, ours are added.",
    "autoscaling-range": "Autoscaling may make fewer pods than it has to.",
    "autoscaling-replicas": "Autoscaling and a number of replicas are given; the number has no effect.",
    "b3-by-default": "OTEL_PROPAGATORS has b3 because nothing else is configured; some SDKs then fail at start.",
    "backend-assumed": "An exporter names a backend whose address nobody says; its type's usual one is assumed.",
    "backend-endpoint": "An exporter names a backend that has no endpoint.",
    "backend-endpoint-unused": "A backend has an endpoint although the collector does not connect to its type.",
    "backend-file": "A backend says where its files are, and is of another type.",
    "backend-name": "The name of a backend could be taken for something else, or is empty.",
    "backend-not-direct": "An exporter names a backend of a type that SDKs cannot send OTLP to.",
    "backend-signal": "An exporter names a backend of a type that does not store this signal.",
    "backend-unknown": "An exporter names a backend that the OTelConfig does not declare.",
    "batch-size": "The highest size of a batch is below the size at which one is sent.",
    "buckets-order": "The bounds of a histogram are not above zero, or do not go up.",
    "cannot-edit": "The text cannot be edited without changing something else (aliases, merge keys, doubles).",
    "class-absent": "The class of an earlier injection is not in the input; the injection is kept.",
    "class-ambiguous": "Two classes claim a workload by the same rule; the annotation oaas.io/class-runtime decides.",
    "class-held-back": "A workload with errors needs objects of its class as they are, so the class keeps what it had.",
    "class-name-missing": "A ClassRuntime has no metadata.name.",
    "class-name-reserved": "A ClassRuntime has the name of the platform's pseudo-class.",
    "class-name-twice": "Two ClassRuntimes have the same name and namespace.",
    "class-not-found": "The annotation oaas.io/class-runtime names no class or platform component that is present.",
    "class-without-workload": "An enabled class has no workload in the input.",
    "collector-config": "What is merged into the collector's config is not shaped like one.",
    "config-absent": "What enabled a class is not in the input; what it brought is kept.",
    "config-twice": "The input has two OTelConfigs, and none is given as function config.",
    "config-unused": "An OTelConfig among the items is not used, since another one is given as function config.",
    "container-left-alone": "A container configures its SDK by itself and is left alone.",
    "container-name-twice": "Two containers of one pod have the same name.",
    "container-not-a-mapping": "An entry of a pod's containers is not a mapping.",
    "container-not-found": "The annotation oaas.io/otel-containers names a container that the pod does not have.",
    "container-without-name": "A container has no name, which only Knative allows.",
    "containers-missing": "A workload has no containers, so nothing is instrumented.",
    "containers-not-a-list": "A pod's containers is not a list.",
    "control-character": "A text contains a control character.",
    "daemonset-not-managed": "Mode daemonset is used and nothing says who makes its collector.",
    "daemonset-shared": "A class names exporters of its own for a collector that all classes share.",
    "data-key": "A key of a Secret or ConfigMap is not a valid one.",
    "dimension-reserved": "An attribute is named as a dimension of span_metrics, which is one already.",
    "duplicate-key": "A key stands twice in its mapping.",
    "duration-invalid": "A duration is not one as Go spells it, or as Prometheus does where it is for that.",
    "empty": "A list or mapping must have at least one entry.",
    "endpoint-credentials": "An endpoint contains a user name or password.",
    "endpoint-follows-protocol": "The injected endpoint's port follows a protocol that the workload asks for.",
    "endpoint-invalid": "An endpoint is not a URL that every SDK reads alike.",
    "endpoint-missing": "Mode external has no endpoint for a signal that is on.",
    "endpoint-path": "An endpoint has a path that its protocol does not know, or that SDKs append themselves.",
    "env-malformed": "A container's env is not a list of mappings with names.",
    "exporter-missing": "A signal is on and no exporter is named for it; the collector prints what it gets.",
    "exporters-several": "A signal has several exporters where SDKs send directly, and they send to one.",
    "file-claim": "Several collectors would write the same files of a claim.",
    "flux-substitution": "A value in a workload would be changed by Flux's substitution of variables.",
    "function-config-kind": "The function config is of a kind that is not accepted.",
    "gateway-idle": "A second tier of collectors is asked for, and there is no tail sampling for it to do.",
    "header-name": "The name of a header is not a valid one.",
    "hook-without-sidecar": "A Helm or Argo CD hook runs before its sidecar's ConfigMap is there; it is left alone.",
    "image-invalid": "A container image is empty or contains white space.",
    "image-lacks": "The collector's image does not have a component that its config needs.",
    "image-too-old": "The collector's image is older than the names that are written into its config.",
    "immutable-workload": "A cluster refuses changes of this object's pod: a Job's template, a bare Pod's environment.",
    "inject-annotation-invalid": "The annotation oaas.io/otel-inject is neither true nor false and has no effect.",
    "input-malformed": "The ResourceList is not one: another apiVersion, documents beside it, items that are no list.",
    "key-reserved": "A label or annotation that something of ours is to have has a key that is ours.",
    "kind-invalid": "An entry of kinds has an apiVersion or kind that no manifest can have.",
    "kind-path": "An entry of kinds has a path that is not dotted field names.",
    "label-invalid": "A label is not a valid one.",
    "limit-backend": "A ClassRuntime names a backend that the OTelConfig's limits do not allow.",
    "limit-endpoint": "A ClassRuntime names an endpoint that the OTelConfig's limits do not allow.",
    "limit-image": "A ClassRuntime names an image that the OTelConfig's limits do not allow.",
    "limit-sampling-rate": "A ClassRuntime's sampling rate is above the OTelConfig's limit and was clamped to it.",
    "literal-header": "A header's value is written out; it may only come from a Secret.",
    "literal-secret": "A secret is written out in the collector's config; it may only come from a Secret.",
    "missing-field": "A field is missing that has to be there.",
    "name-not-final": "A name would stand in endpoints or annotations, and names_may_change says it is not final.",
    "name-taken": "A class needs to generate an object of a name that one of the user's objects has.",
    "namespace-missing": "The address of a Service needs a namespace, and the class has none.",
    "not-a-word": "A name or pattern is empty or contains white space.",
    "not-in-the-record": "A helper variable of ours stands in the manifest, but the record does not know it.",
    "not-pruned": "Nothing wants a generated object any more; prune: false keeps it.",
    "not-utf8": "An environment variable is not UTF-8.",
    "number-range": "A number lies outside what is possible.",
    "object-name": "The name of a Secret or ConfigMap is not a valid one.",
    "operator-cannot-say": "Flavor operator has no place for something that a class wants.",
    "operator-instrumented": "The OpenTelemetry Operator instruments a pod, too.",
    "operator-sidecar": "The OpenTelemetry Operator would put a second collector beside ours into a pod.",
    "platform-component-ambiguous": "The labels of a workload fit two platform components.",
    "platform-rate-below-class": "The platform's sampling rate is below the class's, and rules what begins there.",
    "policy-invalid": "A policy of tail_sampling has no name of its own, or no type.",
    "propagator-deprecated": "A propagator is deprecated by OpenTelemetry.",
    "propagators-empty": "The list of propagators is empty.",
    "propagators-none": "The propagator none stands beside others.",
    "protocol-annotation-invalid": "The annotation oaas.io/otel-protocol is neither grpc nor http.",
    "protocol-assumed": "An endpoint's port is neither 4317 nor 4318, the configured protocol is used, else gRPC.",
    "protocol-follows-endpoint": "An endpoint is set in the manifest without a protocol; ours fits its port.",
    "protocol-mismatch": "Endpoint and protocol, both set in the manifest, do not fit each other.",
    "protocol-port": "The configured protocol is not that of the endpoint's port; the port decides.",
    "proxy-in-the-way": "A proxy variable is set and NO_PROXY does not name the endpoint's host.",
    "quantity-invalid": "An amount of a resource is not a Kubernetes quantity.",
    "queue-volume": "What is said of the collector's queue on disk does not fit together.",
    "record-too-large": "The annotation oaas.io/otel-injected would become too large.",
    "record-unreadable": "The annotation oaas.io/otel-injected cannot be read.",
    "registry-invalid": "A registry is not a host with an optional port and path.",
    "requirement-invalid": "A number in nfr_requirements of a ClassRuntime is none that a rule could be made of.",
    "resources-invalid": "A request exceeds its limit, or the memory limit is too low to start with.",
    "revision-name-fixed": "A Knative revision has a fixed name, so that a changed template is refused.",
    "sampling-both": "Traces are sampled in the SDK and again in the collector: the rates multiply.",
    "sampling-rate-clamped": "A sampling rate lies outside 0.0 to 1.0 and was clamped.",
    "sampling-rate-high": "A sampling rate above 0.5 keeps more than half of all traces.",
    "sampling-rate-invalid": "A sampling rate is not a finite number.",
    "sampling-stage": "Sampling in the collector is asked for where there is no managed collector.",
    "scaled-by-pod": "An autoscaler goes by the use of whole pods, which now have a sidecar, too.",
    "scrapers-missing": "Metrics are to be fetched from the collector, but its NetworkPolicy lets nobody in.",
    "service-account": "An existing ServiceAccount is named and annotations for a new one are given.",
    "service-name-empty": "A service name is blank.",
    "sidecar-host-network": "A pod on the host's network cannot have a sidecar: its ports are the node's.",
    "sidecar-kept": "A container or volume of the sidecar was changed by hand and is kept.",
    "sidecar-name-taken": "A pod has a container or volume with a name that the sidecar brings.",
    "sidecar-never-ends": "A Job with an ordinary collector container beside its own would never end.",
    "sidecar-port-taken": "A container of the pod listens on a port of the sidecar.",
    "span-metrics-off": "Metrics of spans are asked for, and the class has traces or metrics off.",
    "span-metrics-sampled": "Metrics of spans count only what SDKs have sampled.",
    "still-read": "A generated ConfigMap that nothing of ours needs any more is read by a workload, and kept.",
    "tail-sampling-elsewhere": "Tail sampling does not hold for a class whose collector is not its own.",
    "tail-sampling-split": "Tail sampling is asked for where the spans of a trace reach several collectors.",
    "tail-sampling-stage": "Tail sampling is asked for, and sampling in the SDK, too.",
    "telemetry-configured": "The condition TelemetryConfigured of a class: what its telemetry comes to.",
    "telemetry-degraded": "With on_error: degrade, a class with errors keeps what it had (ConfigApplyError).",
    "telemetry-unread": "Upstream's spec.telemetry says enabled, beside a spec.observability that does not.",
    "template-placeholder": "A service_name_template has a placeholder that is not known, or a lone brace.",
    "tls-ca": "A CA certificate comes from neither or from both of a Secret and a ConfigMap.",
    "tls-without-https": "A backend has TLS settings and an http:// endpoint.",
    "unknown-field": "A field is not known; where there is one that is like it, it is proposed.",
    "unknown-kind": "A kind with a pod template belongs to a class, but is not known; OTelConfig's kinds can name it.",
    "unknown-value": "A value is not one of those allowed.",
    "unknown-variable": "An environment variable OPRC_CRM_OTEL_* is not known and is not read.",
    "unreadable-input": "The input, or a file of it, is not UTF-8, or not YAML or JSON at all.",
    "unreadable-item": "A document or item cannot be parsed; it passes as it is, unless it is needed to decide.",
    "variable-adopted": "With adopt: true, a variable that was set by hand in the manifest is taken over.",
    "variable-kept": "A variable is set in the manifest, or by envFrom, and is kept.",
    "variable-name": "The name of a variable is not a valid one, or is ours.",
    "wrong-type": "A value is of another type than its field.",
}
"""Result code → what it means. Every code that is used stands here; a test holds that."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The resource that a result is about, with its place in the input and, where known, its file."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    file: str = ""
    index: int | None = None
    position: int = -1
    """Index among the input's items; -1 for the function config and the input as a whole."""

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {where}".strip()


@dataclass(frozen=True, slots=True)
class Result:
    """One result. `field` is a path as in `spec.observability.telemetry.sampling_rate`; `current` and `proposed` are
    plain data (None: not given)."""

    code: str
    severity: Severity
    message: str
    ref: Ref = field(default=Ref())
    field_path: str = ""
    current: Any = None
    proposed: Any = None

    def to_dict(self) -> dict[str, Any]:
        """The result in the shape of the KRM Functions Specification; the code is a tag."""
        data: dict[str, Any] = {"message": self.message, "severity": self.severity}
        ref = self.ref
        if ref.kind:
            data["resourceRef"] = {"apiVersion": ref.api_version, "kind": ref.kind, "name": ref.name}
            if ref.namespace:
                data["resourceRef"]["namespace"] = ref.namespace
        if self.field_path:
            data["field"] = {"path": self.field_path}
            if self.current is not None:
                data["field"]["currentValue"] = self.current
            if self.proposed is not None:
                data["field"]["proposedValue"] = self.proposed
        if ref.file:
            data["file"] = {"path": ref.file}
            if ref.index is not None:
                data["file"]["index"] = ref.index
        data["tags"] = {"code": self.code}
        return data

    def line(self) -> str:
        """The result on one line, for people: `error: ClassRuntime demo/echo: spec…: message (write …)`."""
        parts: list[str] = [self.severity]
        if self.ref.kind:
            parts.append(str(self.ref))
        if self.ref.file:
            parts.append(self.ref.file if not self.ref.index else f"{self.ref.file}[{self.ref.index}]")
        message = self.message
        if self.proposed is not None and "write" not in message:
            message += f"; write {self.proposed if isinstance(self.proposed, str) else json.dumps(self.proposed)}"
        path, end = self.field_path, self.field_path
        while end and not message.startswith(f"{end} "):
            _, _, end = end.partition(".")
        if end:
            message = path + message[len(end) :]  # the message begins with the field: once is enough
        elif path:
            parts.append(path)
        return ": ".join([*parts, message])


def ordered(results: Iterable[Result]) -> list[Result]:
    """Errors first, then warnings, then infos; within these by item, and as they were found. Doubles go."""
    unique = dict.fromkeys(_Hashable(result) for result in results)
    return sorted((h.result for h in unique), key=lambda r: (_RANK[r.severity], r.ref.position))


class _Hashable:
    """A result by its printed form: current and proposed values may be lists, which do not hash."""

    __slots__ = ("key", "result")

    def __init__(self, result: Result):
        self.result = result
        self.key = repr(result)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashable) and self.key == other.key


def has_errors(results: Iterable[Result]) -> bool:
    """Whether the function fails: exit code 1."""
    return any(result.severity == "error" for result in results)
