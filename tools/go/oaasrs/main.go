// A double of the telemetry of oaas-rs (pawissanutt/oaas-rs, 2026-03): it reads what those services read, as they read
// it, and nothing else. Where a fact comes from stands beside it; paths are upstream's.
//
//	oaasrs SERVICE N    SERVICE is gateway, crm, pm or odgm; N traces, then as many spans below a parent that is
//	                    sampled, and below one that is not
//
// It prints what it made and what was refused, as JSON.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const parents = 500

// Report is what the service made and what became of it.
type Report struct {
	Started int            `json:"started"`
	Spans   bool           `json:"spans"`   // traces are exported
	Metrics bool           `json:"metrics"` // an exporter of metrics is installed
	Logs    bool           `json:"logs"`    // log records are exported
	Writes  []string       `json:"writes"`  // the headers that the propagator writes
	Refused map[string]int `json:"refused"` // exports that failed, by signal
}

func main() {
	count, err := strconv.Atoi(os.Args[len(os.Args)-1])
	if err != nil || len(os.Args) != 3 {
		log.Fatal("usage: oaasrs SERVICE N")
	}
	if err := run(context.Background(), os.Args[1], count); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, service string, count int) error {
	report := Report{Started: count, Refused: map[string]int{"traces": 0, "metrics": 0, "logs": 0}}
	failed := &refusals{counts: report.Refused}
	// commons/oprc-observability/src/tracing.rs, from_env: both are on unless they say false, and both send to the
	// general endpoint only.
	general := strings.TrimSpace(os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	report.Spans = general != "" && os.Getenv("OTEL_TRACES_ENABLED") != "false"
	report.Logs = general != "" && os.Getenv("OTEL_LOGS_ENABLED") != "false"
	named := resourceOf(ctx, serviceName(service))
	traces := sdktrace.NewTracerProvider(sdktrace.WithResource(named), sdktrace.WithSampler(sampler()), ids())
	if report.Spans {
		// otel_exporter.rs: with_tonic, so gRPC whatever OTEL_EXPORTER_OTLP_PROTOCOL says.
		exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(general))
		if err != nil {
			return err
		}
		traces = sdktrace.NewTracerProvider(
			sdktrace.WithResource(named), sdktrace.WithSampler(sampler()), ids(),
			sdktrace.WithBatcher(countedSpans{exporter, failed}, sdktrace.WithBlocking()))
		// Only TraceContext, and only where traces are exported.
		otel.SetTextMapPropagator(propagation.TraceContext{})
	}
	logs := sdklog.NewLoggerProvider(sdklog.WithResource(named))
	if report.Logs {
		exporter, err := otlploggrpc.New(ctx, otlploggrpc.WithEndpointURL(general))
		if err != nil {
			return err
		}
		logs = sdklog.NewLoggerProvider(
			sdklog.WithResource(named), sdklog.WithProcessor(sdklog.NewBatchProcessor(countedLogs{exporter, failed})))
	}
	// init_otlp_metrics_if_configured: the endpoint of metrics, or else the general one; a blank one is none. No switch.
	target, given := os.LookupEnv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
	if !given {
		target = os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	}
	metrics := sdkmetric.NewMeterProvider()
	if report.Metrics = strings.TrimSpace(target) != ""; report.Metrics {
		exporter, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpointURL(target))
		if err != nil {
			return err
		}
		// OTEL_SERVICE_NAME counts here only.
		name := os.Getenv("OTEL_SERVICE_NAME")
		if name == "" {
			name = serviceName(service)
		}
		reader := sdkmetric.NewPeriodicReader(countedMetrics{exporter, failed}, sdkmetric.WithInterval(30*time.Second))
		metrics = sdkmetric.NewMeterProvider(sdkmetric.WithResource(resourceOf(ctx, name)), sdkmetric.WithReader(reader))
	}
	if err := work(ctx, traces, metrics, logs, count); err != nil {
		return err
	}
	carrier := propagation.MapCarrier{}
	_, span := traces.Tracer("double").Start(ctx, "writes")
	otel.GetTextMapPropagator().Inject(trace.ContextWithSpanContext(ctx, span.SpanContext()), carrier)
	report.Writes = carrier.Keys()
	ending, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	// What cannot be sent is counted, and no reason to fail.
	_, _, _ = traces.Shutdown(ending), metrics.Shutdown(ending), logs.Shutdown(ending)
	return json.NewEncoder(os.Stdout).Encode(report)
}

// serviceName is that of traces and logs: fixed in the code of three services; the object store has a variable of its
// own (data-plane/oprc-odgm/src/main.rs).
func serviceName(service string) string {
	if service != "odgm" {
		return "oprc-" + service
	}
	if name := os.Getenv("OPRC_SERVICE_NAME"); name != "" {
		return name
	}
	return "oprc-odgm"
}

// resourceOf has OTEL_RESOURCE_ATTRIBUTES, and the name from the code above it.
func resourceOf(ctx context.Context, name string) *resource.Resource {
	found, err := resource.New(ctx, resource.WithFromEnv(), resource.WithAttributes(attribute.String("service.name", name)))
	if err != nil {
		log.Fatal(err)
	}
	return found
}

// sampler is what init_otlp_tracing makes of OTEL_TRACES_SAMPLER: everything is parent-based, what it does not know is on.
func sampler() sdktrace.Sampler {
	root := sdktrace.AlwaysSample()
	switch strings.ToLower(os.Getenv("OTEL_TRACES_SAMPLER")) {
	case "always_off":
		root = sdktrace.NeverSample()
	case "traceidratio":
		ratio, err := strconv.ParseFloat(os.Getenv("OTEL_TRACES_SAMPLER_ARG"), 64)
		if err != nil {
			ratio = 0.1
		}
		root = sdktrace.TraceIDRatioBased(ratio)
	}
	return sdktrace.ParentBased(root)
}

// work is N traces, spans below other services' decisions, and log records and counts.
func work(
	ctx context.Context, traces trace.TracerProvider, metrics *sdkmetric.MeterProvider, logs *sdklog.LoggerProvider, count int,
) error {
	tracer := traces.Tracer("double")
	// The subscriber's filter holds for spans as for log lines, and both have the level info.
	hidden := hidesInfo(os.Getenv("RUST_LOG"))
	for range count {
		if !hidden {
			_, span := tracer.Start(ctx, "root")
			span.End()
		}
	}
	for name, flags := range map[string]trace.TraceFlags{"below-sampled": trace.FlagsSampled, "below-dropped": 0} {
		for number := range parents {
			parent := trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: [16]byte{byte(number), byte(number >> 8), 1}, SpanID: [8]byte{1}, TraceFlags: flags, Remote: true,
			})
			_, span := tracer.Start(trace.ContextWithRemoteSpanContext(ctx, parent), name)
			span.End()
		}
	}
	counter, err := metrics.Meter("double").Int64Counter("http_requests_total")
	if err != nil {
		return err
	}
	counter.Add(ctx, int64(count))
	for number := range 10 {
		var record otellog.Record
		record.SetBody(attribute.StringValue(fmt.Sprint("request ", number)))
		record.SetTimestamp(time.Now())
		logs.Logger("double").Emit(ctx, record)
	}
	return nil
}

func hidesInfo(filter string) bool {
	level := strings.ToLower(strings.TrimSpace(filter))
	return level == "warn" || level == "error" || level == "off"
}

// ids are random, and with $SEED the same random ones on every run: a measurement is then no matter of luck.
func ids() sdktrace.TracerProviderOption {
	seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	return sdktrace.WithIDGenerator(&generator{source: rand.New(rand.NewPCG(seed, 1))})
}

type generator struct {
	lock   sync.Mutex
	source *rand.Rand
}

func (g *generator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	var id trace.TraceID
	g.lock.Lock()
	binary.NativeEndian.PutUint64(id[:8], g.source.Uint64())
	binary.NativeEndian.PutUint64(id[8:], g.source.Uint64())
	g.lock.Unlock()
	return id, g.NewSpanID(ctx, id)
}

func (g *generator) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	g.lock.Lock()
	binary.NativeEndian.PutUint64(id[:], g.source.Uint64())
	g.lock.Unlock()
	return id
}

// --- exports that fail are counted ---

type refusals struct {
	lock   sync.Mutex
	counts map[string]int
}

func (r *refusals) count(signal string, err error) error {
	if err != nil {
		r.lock.Lock()
		r.counts[signal]++
		r.lock.Unlock()
		fmt.Fprintln(os.Stderr, signal, err)
	}
	return err
}

type countedSpans struct {
	sdktrace.SpanExporter
	failed *refusals
}

func (c countedSpans) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	return c.failed.count("traces", c.SpanExporter.ExportSpans(ctx, spans))
}

type countedMetrics struct {
	sdkmetric.Exporter
	failed *refusals
}

func (c countedMetrics) Export(ctx context.Context, data *metricdata.ResourceMetrics) error {
	return c.failed.count("metrics", c.Exporter.Export(ctx, data))
}

type countedLogs struct {
	sdklog.Exporter
	failed *refusals
}

func (c countedLogs) Export(ctx context.Context, records []sdklog.Record) error {
	return c.failed.count("logs", c.Exporter.Export(ctx, records))
}
