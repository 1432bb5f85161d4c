"""Collector: config, image, pods and manifests of a managed collector."""

from __future__ import annotations

from typing import Final

from krm_otel.diagnostics.rule import Rule

AUTOSCALING_MEMORY: Final = Rule(
    "autoscaling-memory",
    "warning",
    "`autoscaling.memory` is never reached: memory_limiter refuses data before the collector uses so much memory.",
    "Write a lower percentage, or a higher limit of memory.",
    example="collector.autoscaling.memory is 80 percent of 1Gi, which the collector never uses: memory_limiter refuses "
    "data from 60 percent of the limit on: write 50 or less, or a higher limit of memory",
)
AUTOSCALING_RANGE: Final = Rule(
    "autoscaling-range",
    "error",
    "`collector.autoscaling` has `max_replicas` below `min_replicas`.",
    "Write a `max_replicas` that is not below `min_replicas`.",
    example="collector.autoscaling has max_replicas 2 below min_replicas: write 3 or more",
)
AUTOSCALING_REPLICAS: Final = Rule(
    "autoscaling-replicas",
    "warning",
    "`collector.autoscaling` and `collector.replicas` are both given. The autoscaler decides.",
    "Leave `replicas` out.",
    example="collector.replicas has no effect, since autoscaling decides how many pods there are: leave it out",
)
AUTOSCALING_REQUEST: Final = Rule(
    "autoscaling-request",
    "error",
    "`collector.autoscaling` scales by a resource that the collector does not request. The cluster then never scales.",
    "Write the request, or scale by another resource.",
    example="collector.autoscaling scales by cpu, and resources.requests has no cpu, so it would never scale: write "
    "resources.requests.cpu, or another target",
)
BATCH_SIZE: Final = Rule(
    "batch-size",
    "error",
    "`send_batch_max_size` is below `send_batch_size`.",
    "Raise `send_batch_max_size`, or lower `send_batch_size`.",
    example="collector.batch has send_batch_max_size 10 below send_batch_size 100: write 100 or more",
)
COLLECTOR_CONFIG: Final = Rule(
    "collector-config",
    "error",
    "`collector.config` does not have the structure of a collector's config, or the merged config is inconsistent: a "
    "pipeline is empty, has no signal in its name, or lists a component twice or one that is not defined, or a policy "
    "of tail sampling is not valid.",
    "Write what the message proposes. See [your own part](collector.md#your-own-part-of-the-config).",
    example="with collector.config merged in, service.pipelines.traces.exporters names nope, which is not defined: "
    "write exporters.nope, too",
)
COLLECTOR_PROXY: Final = Rule(
    "collector-proxy",
    "warning",
    "`collector.env` sets a proxy, and `NO_PROXY` does not cover a Service of the cluster that the collector sends to.",
    "Add the host to `NO_PROXY`.",
    example="collector.env sets HTTPS_PROXY and no NO_PROXY for tempo.observability, so the collector sends through "
    "the proxy: write NO_PROXY: .svc,tempo.observability",
)
COMPONENT_ID: Final = Rule(
    "component-id",
    "error",
    "The id of a collector's component is not valid.",
    "Write its type, and a name after a `/` where there are several: `filter/health`.",
    example="collector.processors[0].name must be the id of a component: its type, and a name after a / where there "
    "are several, as in filter/health",
)
DAEMONSET_NOT_MANAGED: Final = Rule(
    "daemonset-not-managed",
    "warning",
    "A class is in mode `daemonset`, and the OTelConfig does not say which package generates that collector.",
    "Write `collector.daemonset.manage`: `true` in one package of the cluster, `false` in the others. See [on every "
    "node](collector.md#on-every-node).",
    example="collector.mode is daemonset, and no setting says which package generates the collector in oaas-system: "
    "write spec.collector.daemonset in the OTelConfig, {manage: true} to generate it in this package, {manage: false} "
    "where another package does",
)
DAEMONSET_SHARED: Final = Rule(
    "daemonset-shared",
    "error",
    "A class in mode `daemonset` names exporters of its own, but all classes share one collector.",
    "Write them in the OTelConfig's `collector.exporters`, or `mode: deployment` for the class.",
    example="collector.exporters.traces names an exporter of this class alone, and mode daemonset has one collector "
    "for all: leave it out and write spec.collector.exporters in the OTelConfig, or write mode: deployment",
)
EDIT_OVERWRITTEN: Final = Rule(
    "edit-overwritten",
    "warning",
    "Somebody has edited a generated object, and krm-otel writes it anew.",
    "Write the setting that the message names.",
    example="data[collector.yaml] was edited by hand, and krm-otel writes its own again: write collector.config in "
    "the OTelConfig instead",
)
HOST_PORT_REFUSED: Final = Rule(
    "host-port-refused",
    "warning",
    "`daemonset.host_port` is on, and the Namespace of these collectors enforces a Pod Security level that refuses "
    "pods with ports of the node.",
    "Write the level `privileged` there, or leave `host_port` out.",
    example="pod-security.kubernetes.io/enforce is baseline, which refuses the collectors with ports of the node: "
    "write privileged, or leave collector.daemonset.host_port out",
)
HOST_PORT_TLS: Final = Rule(
    "host-port-tls",
    "warning",
    "With `daemonset.host_port` SDKs send to the address of their node, and `receiver_tls` makes them check the "
    "collector's certificate against it.",
    "Leave `host_port` out, unless the certificate names the address of every node.",
    example="collector.daemonset.host_port makes SDKs send to the address of their node, which few certificates name: "
    "leave it out, or receiver_tls",
)
IMAGE_INVALID: Final = Rule(
    "image-invalid",
    "error",
    "A container image is empty or contains white space.",
    "Write an image reference such as `ghcr.io/acme/otelcol:0.158.0`.",
    example="collector.image must be an image reference without white space: write ab",
)
IMAGE_LACKS: Final = Rule(
    "image-lacks",
    "error",
    "The collector's image does not have a component that the config needs.",
    "Write the image that the message proposes. See [images](collector.md#images).",
    example="collector.image has no prometheus, which an exporter of this class needs: write "
    "otel/opentelemetry-collector-contrib:0.158.0",
    otherwise="warning for labels in Prometheus",
)
IMAGE_TOO_OLD: Final = Rule(
    "image-too-old",
    "error",
    "The collector's image is older than 0.154 and does not know the names in the config.",
    "Write an image of version 0.154 or later.",
    example="collector.image has the tag v0.100: collectors before 0.154 do not know the names that krm-otel writes: "
    "write otel/opentelemetry-collector-contrib:0.158.0, or another of 0.154 or later",
)
NAME_TAKEN: Final = Rule(
    "name-taken",
    "error",
    "A class needs to generate an object, but another object has its name.",
    "Rename the other object, or set `collector.endpoint` to use a collector of your own.",
    example="ClassRuntime oaas-system/oaas and OTelConfig otel both need to generate ConfigMap oaas-otel-config: "
    "rename one of them",
)
NAMESPACE_HALF: Final = Rule(
    "namespace-half",
    "error",
    "Two generated objects differ only by an absent and a written namespace. `helm install` and `kubectl apply -n` "
    "would make one of them.",
    "Write the namespace of every class.",
    example="ClassRuntime cart has no namespace, and its ConfigMap cart-otel-config would be that of ClassRuntime "
    "shop/cart in namespace shop, once the namespace is filled in: write namespace: shop, or another one",
)
NOT_PRUNED: Final = Rule(
    "not-pruned",
    "warning",
    "A class no longer needs a generated object, but `prune: false` keeps it.",
    "Delete the object, or leave `prune` out.",
    example="class one does not need this any more, and the OTelConfig's prune: false keeps it: delete it, or leave "
    "prune out",
)
OPERATOR_CANNOT_SAY: Final = Rule(
    "operator-cannot-say",
    "error",
    "With `flavor: operator`: the Operator's objects have no field for `monitors.interval`, nor for endpoints of "
    "single signals, headers or certificates of a class whose SDKs send directly.",
    "Leave `interval` out, or send to a collector (`mode: deployment`); or write `flavor: native`.",
    example="flavor operator cannot express endpoints for single signals, headers and certificates of SDKs: send to a "
    "collector (mode: deployment), or write flavor: native",
    otherwise="warning for `monitors.interval`",
)
OPERATOR_INSTRUMENTED: Final = Rule(
    "operator-instrumented",
    "warning",
    "An annotation asks the OpenTelemetry Operator to instrument a pod that krm-otel instruments, too.",
    "Write `flavor: operator`, or remove the annotation.",
    example="instrumentation.opentelemetry.io/inject-java makes the OpenTelemetry Operator instrument this pod, too; "
    "it keeps the variables that are set and sets the others: write flavor: operator in the OTelConfig, or remove the "
    "annotation",
)
OPERATOR_SIDECAR: Final = Rule(
    "operator-sidecar",
    "error",
    "An annotation asks the Operator for a collector in a pod that gets one from krm-otel. Both would listen on the "
    "same ports.",
    "Remove the annotation, or write `mode: deployment`.",
    example="sidecar.opentelemetry.io/inject adds the Operator's collector to a pod that has krm-otel's, on the same "
    "ports: remove the annotation, or write mode: deployment",
)
PROCESSOR_PLACE: Final = Rule(
    "processor-place",
    "error",
    "An additional processor has no place in the pipelines, two of them, or the id of a generated processor.",
    "Write `before` or `after` with a processor that the pipelines have.",
    example="collector.processors[1].before is bach, which no pipeline of its signals has: write batch",
)
QUEUE_VOLUME: Final = Rule(
    "queue-volume",
    "error",
    "`collector.queue` has `size_limit` or `claim` without `persistent: true`, has both, or has a `claim` that "
    "several collectors would use.",
    "Write what the message proposes. See [the queue](collector.md#the-queue).",
    example="collector.queue says where batches are kept, but persistent is not true: write persistent: true",
)
REGISTRY_INVALID: Final = Rule(
    "registry-invalid",
    "error",
    "`image_registry` is not a host with an optional port and path.",
    "Write a registry such as `registry.acme.example/mirror`.",
    example="collector.image_registry must be a registry such as registry.acme.example/mirror",
)
RESOURCES_INVALID: Final = Rule(
    "resources-invalid",
    "error",
    "A request exceeds its limit, or the memory limit is below 64Mi.",
    "Lower the request or raise the limit; write at least 64Mi of memory.",
    example="collector.resources has a memory limit of 32Mi, with which no collector starts: write 64Mi or more",
)
SCALED_BY_POD: Final = Rule(
    "scaled-by-pod",
    "warning",
    "A HorizontalPodAutoscaler of a workload that gets a sidecar has a metric of type `Resource`, which counts every "
    "container of the pod.",
    "Write a metric of type `ContainerResource`, as the message proposes.",
    example="metrics[1] measures the whole pod, which includes the collector's sidecar: write type: ContainerResource "
    "with container: function",
)
SCRAPERS_MISSING: Final = Rule(
    "scrapers-missing",
    "warning",
    "A `prometheus-scrape` backend or a monitor makes Prometheus fetch metrics, but the NetworkPolicy of the "
    "collector lets nobody in.",
    "Name the scrapers in `collector.network_policy.scrapers`.",
    example="collector.exporters.metrics lets Prometheus fetch metrics, but the collector's NetworkPolicy lets nobody "
    "in: write collector.network_policy.scrapers in the OTelConfig",
)
SERVICE_ACCOUNT: Final = Rule(
    "service-account",
    "error",
    "`collector.service_account` has the name of an existing ServiceAccount, and annotations for a generated one.",
    "Leave `name` or `annotations` out.",
    example="collector.service_account has a name, so krm-otel generates no ServiceAccount that could have "
    "annotations: leave one of the two out",
)
STILL_READ: Final = Rule(
    "still-read",
    "warning",
    "No class needs a generated ConfigMap any more, but a workload reads it, because its collector was changed by "
    "hand. krm-otel keeps the ConfigMap.",
    "Take the container and its volume out of the workload.",
    example="no class needs this any more, but Deployment one reads it, so it is kept: take its container and its "
    "volume out of the workload",
)
VOLUME_PATH: Final = Rule(
    "volume-path",
    "error",
    "The `path` of a collector's volume is not a folder that krm-otel can mount it at.",
    "Write an absolute path such as `/etc/certs`.",
    example="collector.volumes.certs.path must be the absolute path of a folder: write /etc/certs",
)
VOLUME_SOURCE: Final = Rule(
    "volume-source",
    "error",
    "A volume of a collector has no source, or several; or it has a `claim` that several collectors would use.",
    "Write one of `secret`, `config_map`, `claim` and `empty_dir`.",
    example="collector.volumes.none must have one of secret, config_map, claim and empty_dir: write secret: <name>",
)
