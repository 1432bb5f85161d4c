// A service that is instrumented as SDKs want it: everything comes from OTEL_* variables.
//
//	oteldemo            serves HTTP on $PORT (8080): each request is a span, a count and a log record
//	oteldemo once       does the same work once, and ends: what a Job does
//	oteldemo spans N    starts N traces and ends
//	oteldemo pause      does nothing until it is told to stop: what holds a pod's namespaces
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	mode := "serve"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	if mode == "pause" {
		<-ctx.Done()
		return
	}
	telemetry, err := start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	switch mode {
	case "serve":
		err = telemetry.serve(ctx)
	case "once":
		telemetry.work(ctx, "once")
	case "spans":
		err = telemetry.spans(ctx)
	default:
		err = fmt.Errorf("unknown mode %q", mode)
	}
	// What is buffered goes out before the process ends, also where it was told to stop.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err = errors.Join(err, telemetry.shutdown(ending)); err != nil {
		log.Fatal(err)
	}
}

type telemetry struct {
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	logs    *sdklog.LoggerProvider
}

// start reads the environment; sampler and resource are read by the SDK itself.
func start(ctx context.Context) (*telemetry, error) {
	spans, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, err
	}
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return nil, err
	}
	records, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return nil, err
	}
	otel.SetTextMapPropagator(autoprop.NewTextMapPropagator())
	return &telemetry{
		sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans, sdktrace.WithBlocking()), ids()),
		sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
		sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records))),
	}, nil
}

// ids are random, and with $SEED the same random ones on every run: a measurement is then no matter of luck.
func ids() sdktrace.TracerProviderOption {
	seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	return sdktrace.WithIDGenerator(&generator{source: rand.New(rand.NewPCG(seed, 0))})
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

func (t *telemetry) shutdown(ctx context.Context) error {
	return errors.Join(t.traces.Shutdown(ctx), t.metrics.Shutdown(ctx), t.logs.Shutdown(ctx))
}

func (t *telemetry) flush(ctx context.Context) error {
	return errors.Join(t.traces.ForceFlush(ctx), t.metrics.ForceFlush(ctx), t.logs.ForceFlush(ctx))
}

// work is one span with a log record in it, and one count.
func (t *telemetry) work(ctx context.Context, name string) {
	ctx, span := t.traces.Tracer("oteldemo").Start(ctx, name)
	defer span.End()
	if counter, err := t.metrics.Meter("oteldemo").Int64Counter("demo.requests"); err == nil {
		counter.Add(ctx, 1)
	}
	var record otellog.Record
	record.SetBody(attribute.StringValue("worked on " + name))
	record.SetTimestamp(time.Now())
	t.logs.Logger("oteldemo").Emit(ctx, record)
}

func (t *telemetry) serve(ctx context.Context) error {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		parent := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		t.work(parent, r.URL.Path)
		if err := t.flush(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, "done")
	}
	server := &http.Server{Addr: ":" + port, Handler: http.HandlerFunc(handler)}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.WithoutCancel(ctx))
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// spans starts traces as fast as they can be taken: nothing is dropped on the way.
func (t *telemetry) spans(ctx context.Context) error {
	count, err := strconv.Atoi(os.Args[len(os.Args)-1])
	if err != nil {
		return err
	}
	tracer := t.traces.Tracer("oteldemo")
	for range count {
		_, span := tracer.Start(ctx, "root")
		span.End()
	}
	return nil
}
