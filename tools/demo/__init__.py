"""The data plane on the cluster, instrumented by krm-otel, and the trace of one request from Jaeger."""
