"""Workloads: containers, variables that are set already, the record."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

ATTRIBUTE_TOO_LONG: Final = Rule(
    "attribute-too-long",
    "warning",
    "The value of a resource attribute has more than 255 characters once it is encoded. SDKs for JavaScript then drop "
    "the whole of `OTEL_RESOURCE_ATTRIBUTES`.",
    "Shorten it, or leave it out.",
    example="the attribute description has 327 characters in OTEL_RESOURCE_ATTRIBUTES, and SDKs for JavaScript drop "
    "the whole variable at more than 255: shorten it, or leave it out",
)
ATTRIBUTES_MALFORMED: Final = Rule(
    "attributes-malformed",
    "warning",
    "The manifest sets `OTEL_RESOURCE_ATTRIBUTES` to what is no list of `key=value`, so krm-otel adds nothing to it.",
    "Write pairs with commas between them. In a value, write `%3D` for a `=` and `%25` for a `%`.",
    example="OTEL_RESOURCE_ATTRIBUTES is set in the manifest, and production in it is no key=value, so nothing is "
    "added: SDKs may drop all of it: write key=value pairs with commas between them, %3D for a = and %25 for a % in a "
    "value",
)
ATTRIBUTES_MERGED: Final = Rule(
    "attributes-merged",
    "info",
    "The manifest sets `OTEL_RESOURCE_ATTRIBUTES`, and krm-otel extends it. The message names what it could not add.",
    "Nothing. Remove the variable to get all attributes.",
    example="OTEL_RESOURCE_ATTRIBUTES is set in the manifest: its keys are kept, deployment.name added",
)
CONTAINER_LEFT_ALONE: Final = Rule(
    "container-left-alone",
    "info",
    "A container sets `OTEL_CONFIG_FILE` or `OTEL_SDK_DISABLED=true`, so krm-otel does not instrument it.",
    "Nothing.",
    example="function is left alone, because OTEL_CONFIG_FILE is set, which makes the SDK ignore every other variable",
)
CONTAINER_NAME_TWICE: Final = Rule(
    "container-name-twice",
    "error",
    "Two containers of a workload have the same name.",
    "Rename one of them.",
    example="two containers have the name function, entries 0 and 1: rename one",
)
CONTAINER_NOT_A_MAPPING: Final = Rule(
    "container-not-a-mapping",
    "error",
    "An entry of `containers` is not a mapping.",
    "Correct the manifest.",
    example="containers[0] has to be a mapping: write {name: function, image: example}",
)
CONTAINER_NOT_FOUND: Final = Rule(
    "container-not-found",
    "warning",
    "`oaas.io/otel-containers` names a container that the pod does not have.",
    "Correct the name.",
    example="oaas.io/otel-containers names thrid, but the containers are function, second, istio-proxy",
)
CONTAINER_WITHOUT_NAME: Final = Rule(
    "container-without-name",
    "error",
    "A container of a kind other than Knative's has no name.",
    "Write a name.",
    example="a container has no name: write one",
)
CONTAINERS_MISSING: Final = Rule(
    "containers-missing",
    "warning",
    "A workload of a class has no containers.",
    "Nothing for a patch. Otherwise correct the manifest, or the path in `kinds`.",
    example="there are no containers to instrument at the path that spec.kinds of the OTelConfig gives: write "
    "spec.template",
)
CONTAINERS_NOT_A_LIST: Final = Rule(
    "containers-not-a-list",
    "error",
    "`containers` is not a list.",
    "Correct the manifest.",
    example="containers has to be a list: write [{name: function, image: example}]",
)
DELTA_TO_PROMETHEUS: Final = Rule(
    "delta-to-prometheus",
    "warning",
    "Metrics are sent as deltas, and they go to a Prometheus or a database like it, which drops them. For a Prometheus "
    "that scrapes the collector, the collector adds them up, anew after each one that is missing.",
    "Set the variable to `cumulative`, or add a `deltatocumulative` processor to `collector.config`.",
    example="OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE is delta, and the metrics go to a Prometheus, for which "
    "the collector adds deltas up, anew after each one that is missing: write cumulative",
)
ENDPOINT_FOLLOWS_PROTOCOL: Final = Rule(
    "endpoint-follows-protocol",
    "info",
    "The endpoint gets the other standard port, because of the protocol in the manifest or the annotation "
    "`oaas.io/otel-protocol`.",
    "Nothing.",
    example="the endpoint is http://otel:4318, not http://otel:4317, because oaas.io/otel-protocol is http",
)
ENV_MALFORMED: Final = Rule(
    "env-malformed",
    "error",
    "`env` is not a list, or one of its entries is not a mapping with a name.",
    "Correct the manifest.",
    example="env[0] has to be a mapping with a name: write {name: A, value: b}",
)
FLUX_SUBSTITUTION: Final = Rule(
    "flux-substitution",
    "warning",
    "A value in an instrumented workload contains `$$(`, or an injected value contains `${`: Flux changes both where "
    "it substitutes variables (`postBuild.substitute`).",
    "If you use Flux, write the annotation `kustomize.toolkit.fluxcd.io/substitute: disabled` on the workload; "
    "otherwise nothing.",
    example="a value contains $$(, which Flux changes where it substitutes variables: if you use Flux, write the "
    "annotation kustomize.toolkit.fluxcd.io/substitute: disabled",
)
HOST_NETWORK_NAMES: Final = Rule(
    "host-network-names",
    "warning",
    "A pod in the host's network asks the node's DNS servers, which do not know the collector's Service.",
    "Write `dnsPolicy: ClusterFirstWithHostNet` in the pod.",
    example="the pod is in the host's network without dnsPolicy, so it cannot resolve the name of the collector's "
    "Service: write dnsPolicy: ClusterFirstWithHostNet",
)
HOST_NETWORK_POLICY: Final = Rule(
    "host-network-policy",
    "warning",
    "A pod in the host's network sends from its node's address, which the collector's NetworkPolicy does not let in.",
    "Write the addresses of your nodes as `collector.network_policy.cidrs`.",
    example="the pod sends from its node's address, which the collector's NetworkPolicy does not let in: write the "
    "addresses of your nodes as collector.network_policy.cidrs, or network_policy: {enabled: false}",
)
IMMUTABLE_WORKLOAD: Final = Rule(
    "immutable-workload",
    "warning",
    "A cluster refuses a changed pod template of an existing Job, and a changed `env` of an existing Pod.",
    "Delete the Job or Pod first, or give it another name.",
    example="a cluster refuses a changed environment of a Pod that already exists: delete the Pod first",
)
INIT_CONTAINER_EARLY: Final = Rule(
    "init-container-early",
    "warning",
    "A chosen init container ends before the pod's collector starts, since that is an ordinary container "
    "(`native_sidecar: false`, Knative). Its telemetry is lost, and its SDK may wait for the collector at its end.",
    "Write `mode: deployment`, or leave `native_sidecar` out.",
    example="migrate is an init container, and ends before the pod's collector starts: write mode: deployment, or "
    "leave native_sidecar out; Knative takes no native sidecars",
    otherwise="error where no chosen container stays, so that nobody would send to the collector",
)
INJECT_ANNOTATION_INVALID: Final = Rule(
    "inject-annotation-invalid",
    "warning",
    "`oaas.io/otel-inject` is neither `true` nor `false`, so it has no effect.",
    'Write `"false"` to opt out.',
    example='oaas.io/otel-inject is neither true nor false and has no effect: write "false"',
)
NATIVE_SIDECAR: Final = Rule(
    "native-sidecar",
    "info",
    "An init container stays (`restartPolicy: Always`), and krm-otel instruments init containers only by name.",
    "Name it in `oaas.io/otel-containers`, if it has an SDK.",
    example="cache-warmer is an init container that stays (a native sidecar), and is not instrumented: write "
    "oaas.io/otel-containers: function,cache-warmer to instrument it",
)
NOT_IN_THE_RECORD: Final = Rule(
    "not-in-the-record",
    "warning",
    "The manifest has a helper variable of krm-otel (`OAAS_OTEL_*`) that no record lists: the record annotation was "
    "removed, or the value was edited.",
    "Restore the annotation, or delete the lines: the next run adds them again, with a record.",
    example="no record lists OAAS_OTEL_NAMESPACE, OAAS_OTEL_POD_NAME, OAAS_OTEL_POD_UID, OAAS_OTEL_NODE_NAME, and "
    "krm-otel keeps variables that it has no record of: delete them to get new ones",
)
PROTOCOL_ANNOTATION_INVALID: Final = Rule(
    "protocol-annotation-invalid",
    "error",
    "`oaas.io/otel-protocol` is neither `grpc` nor `http`.",
    "Write `grpc` or `http`.",
    example="oaas.io/otel-protocol is neither grpc nor http: write http",
)
PROTOCOL_FOLLOWS_ENDPOINT: Final = Rule(
    "protocol-follows-endpoint",
    "info",
    "The manifest sets an endpoint without a protocol, so krm-otel injects the protocol of its port.",
    "Nothing, or set the protocol, too.",
    example="OTEL_EXPORTER_OTLP_ENDPOINT is set without a protocol, so OTEL_EXPORTER_OTLP_PROTOCOL is grpc",
)
PROTOCOL_MISMATCH: Final = Rule(
    "protocol-mismatch",
    "warning",
    "The manifest sets a protocol that does not fit the endpoint's port, or asks for one that the collector does not "
    "receive.",
    "Correct the protocol or the endpoint.",
    example="the endpoint http://mine:4317 and the protocol http/protobuf do not fit, because port 4317 takes grpc: "
    "write grpc",
    otherwise="error for what the collector does not receive",
)
PROXY_IN_THE_WAY: Final = Rule(
    "proxy-in-the-way",
    "warning",
    "A proxy variable is set, and `NO_PROXY` does not cover the endpoint's host.",
    "Add the host to `NO_PROXY`.",
    example="HTTPS_PROXY is set and NO_PROXY does not list otel, so the SDK sends through the proxy: write "
    "NO_PROXY=otel",
)
RECORD_TOO_LARGE: Final = Rule(
    "record-too-large",
    "error",
    "The record of the injection would exceed 32 KiB.",
    "Inject fewer containers, with the annotation `oaas.io/otel-containers`.",
    example="the record of the injection would exceed 32 KiB: inject fewer containers (oaas.io/otel-containers)",
)
RECORD_UNREADABLE: Final = Rule(
    "record-unreadable",
    "error",
    "The annotation `oaas.io/otel-injected` was edited or cut off, is of another version, or claims what krm-otel does "
    "not write.",
    "Restore the annotation, or remove it together with what was injected.",
    example="the record of the injection cannot be read: restore the annotation, or remove it together with what was "
    "injected",
)
REVISION_NAME_FIXED: Final = Rule(
    "revision-name-fixed",
    "warning",
    "A Knative template has a fixed `metadata.name`; Knative refuses a changed template under the same name.",
    "Change the name in the same commit, or leave it out.",
    example="the revision has the fixed name echo-v1, and Knative refuses a changed template under the same name: "
    "change the name in this commit, or leave it out",
)
SERVICE_NAME_LABEL_ABSENT: Final = Rule(
    "service-name-label-absent",
    "info",
    "`service_name_template` takes the service name from labels that a workload lacks, so the built-in template is "
    "used.",
    "Add the label, or end the list of templates with one that has no label.",
    example="the workload has no label app.kubernetes.io/instance or app.kubernetes.io/name, so the service name is "
    "cart-function",
)
UNKNOWN_KIND: Final = Rule(
    "unknown-kind",
    "warning",
    "A workload of a class has a kind that krm-otel does not know.",
    "Add the kind to `spec.kinds` of the OTelConfig.",
    example="Rollout belongs to class echo and has a pod template, but the kind is not known: add {apiVersion: "
    "argoproj.io/v1alpha1, kind: Rollout, path: spec.template} to spec.kinds of the OTelConfig",
)
VARIABLE_ADOPTED: Final = Rule(
    "variable-adopted",
    "info",
    "With `adopt: true`: krm-otel takes over a variable that the manifest sets by hand.",
    "Nothing. `uninject` restores the old value.",
    example="OTEL_SERVICE_NAME is set by hand and is taken over; uninject restores the old value",
)
VARIABLE_KEPT: Final = Rule(
    "variable-kept",
    "info",
    "The manifest sets a variable, and krm-otel keeps it.",
    "Nothing.",
    example="instrumentation.opentelemetry.io/inject-sdk is set in the manifest and is kept as it is",
)
WORKLOAD_TWICE: Final = Rule(
    "workload-twice",
    "warning",
    "Copies of one workload are in several files, and krm-otel instruments each of them.",
    "Keep one of them, or render what kustomize builds: `kustomize build <folder> | krm-otel render -`.",
    example="Deployment cart is in base/deploy.yaml and vendor/deploy.yaml, and each of them is instrumented: keep "
    "one, or render what is built: kustomize build <folder> | krm-otel render -",
)
