// Package variables has what krm-otel injects into the containers of bench/inputs.py, as data: which workloads, and
// which variables. Both peers append them without looking at what is there, and keep no record of it.
package variables

import "fmt"

// ClassAnnotation is on the workloads of a class.
const ClassAnnotation = "oaas.io/class-runtime"

// Variable is a variable with a value, or with a field of the pod.
type Variable struct {
	Name, Value, FieldPath string
}

// Of returns the variables of a container.
func Of(class, workload, container string) []Variable {
	const namespace = "$(OAAS_OTEL_NAMESPACE)"
	return []Variable{
		{Name: "OAAS_OTEL_NAMESPACE", FieldPath: "metadata.namespace"},
		{Name: "OAAS_OTEL_POD_NAME", FieldPath: "metadata.name"},
		{Name: "OAAS_OTEL_POD_UID", FieldPath: "metadata.uid"},
		{Name: "OAAS_OTEL_NODE_NAME", FieldPath: "spec.nodeName"},
		{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Value: "http://otel-collector.observability:4317"},
		{Name: "OTEL_EXPORTER_OTLP_PROTOCOL", Value: "grpc"},
		{Name: "OTEL_TRACES_EXPORTER", Value: "otlp"},
		{Name: "OTEL_METRICS_EXPORTER", Value: "otlp"},
		{Name: "OTEL_LOGS_EXPORTER", Value: "none"},
		{Name: "OTEL_TRACES_SAMPLER", Value: "parentbased_traceidratio"},
		{Name: "OTEL_TRACES_SAMPLER_ARG", Value: "0.1"},
		{Name: "OTEL_PROPAGATORS", Value: "tracecontext,baggage"},
		{Name: "OTEL_SERVICE_NAME", Value: class + "-" + container},
		{Name: "OTEL_RESOURCE_ATTRIBUTES", Value: fmt.Sprintf(
			"deployment.name=%s,service.namespace=%s,service.instance.id=%s.$(OAAS_OTEL_POD_NAME).%s,oaas.class=%s,"+
				"k8s.namespace.name=%s,k8s.deployment.name=%s,k8s.pod.name=$(OAAS_OTEL_POD_NAME),"+
				"k8s.pod.uid=$(OAAS_OTEL_POD_UID),k8s.node.name=$(OAAS_OTEL_NODE_NAME),k8s.container.name=%s",
			class, namespace, namespace, container, class, namespace, workload, container)},
	}
}
