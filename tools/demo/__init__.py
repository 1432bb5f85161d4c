"""The data plane on the cluster, with what krm-otel injects, and the trace of a request as Jaeger has it."""
