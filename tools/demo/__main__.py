"""Runs the data plane on the cluster, instrumented by krm-otel, and prints the trace of one request: `make demo-e2e`.

    python3 -m tools.demo [--config OTELCONFIG] [--namespace shop] [--svg FILE]

It starts the cluster if it is not running, and leaves it running. The package is examples/end-to-end; the trace comes
from Jaeger's API.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from tools.build import ToolError
from tools.cluster import cluster
from tools.demo import jaeger
from tools.demo.example import CONFIG, INVOKE, KRM_OTEL, NAMESPACE, OBJECT, SPANS, load_images, rendered
from tools.demo.traces import Span, svg, tree

T = TypeVar("T")
TIMEOUT = 120.0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.demo", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--config", type=Path, default=CONFIG, help="the OTelConfig; by default that of the example")
    parser.add_argument("--namespace", default=NAMESPACE, help="of the package; by default %(default)s")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also write the trace as an image")
    arguments = parser.parse_args(argv)
    try:
        spans = run(arguments.config, arguments.namespace)
    except (OSError, ToolError) as error:
        print(error, file=sys.stderr)
        return 1
    # Without a terminal there is no width: this one is enough for every line.
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(tree(spans))
    if arguments.svg:
        arguments.svg.write_text(svg(spans))
        log(f"wrote {arguments.svg}")
    log(f"the cluster goes on running: KUBECONFIG={cluster.KUBECONFIG}; `make cluster-down` ends it")
    return 0


def run(config: Path, namespace: str) -> list[Span]:
    """Starts everything, calls the function once and returns the trace of this call.

    Raises:
        OSError, ToolError: something is missing or fails.
    """
    log(f"krm-otel render, with {config}")
    manifests = rendered(namespace, config.read_text())
    cluster.up()
    log("images")
    load_images()
    definition = subprocess.run([KRM_OTEL, "crd"], capture_output=True, text=True, check=True).stdout
    log("kubectl apply")
    kubectl("apply", "--server-side", "--filename", "-", text=f"{jaeger.MANIFESTS}---\n{definition}")
    kubectl("wait", "--for=condition=Established", "crd/classruntimes.oaas.io", "--timeout=30s")
    kubectl("create", "namespace", namespace, check=False)
    kubectl("apply", "--server-side", "--filename", "-", text=manifests)
    log("waiting for pods")
    kubectl("rollout", "status", "deployment/jaeger", "--namespace", jaeger.NAMESPACE, "--timeout=120s")
    for kind in ("deployment", "statefulset"):
        for name in kubectl("get", kind, "--namespace", namespace, "--output", "name").split():
            kubectl("rollout", "status", name, "--namespace", namespace, "--timeout=180s")
    gateway, query = address("oaas-gateway", namespace), address("jaeger", jaeger.NAMESPACE)
    log(f"PUT and POST http://{gateway}{OBJECT}")
    wait_for("the gateway", lambda: request(gateway, "PUT", OBJECT, {"items": 1}) == "204" or None)

    def call() -> str | None:
        # The gateway samples half of the traces that start there. This caller has sampled its trace, so it is kept.
        trace_id = secrets.token_hex(16)  # a new one for each attempt: a failed attempt has spans, too
        sampled = f"traceparent: 00-{trace_id}-{secrets.token_hex(8)}-01"
        return trace_id if request(gateway, "POST", INVOKE, {"items": 2}, sampled) == "200" else None

    trace_id = wait_for("the function", call)
    log(f"asking Jaeger: http://{query}:{jaeger.QUERY}/api/traces/{trace_id}")
    return wait_for("the trace", lambda: spans if len(spans := jaeger.trace(query, trace_id)) >= SPANS else None)


def kubectl(*arguments: str, text: str = "", check: bool = True) -> str:
    """Runs kubectl in the cluster, with `text` as its input, and returns what it prints."""
    command = cluster.inside("kubectl", "--kubeconfig", str(cluster.KUBECONFIG), *arguments)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise cluster.ClusterError(f"demo: kubectl {' '.join(arguments[:3])} failed\n{done.stderr}")
    return done.stdout


def address(service: str, namespace: str) -> str:
    """The IP address of a Service."""
    return kubectl("get", "service", service, "--namespace", namespace, "--output", "jsonpath={.spec.clusterIP}")


def request(host: str, method: str, path: str, body: object, *headers: str) -> str:
    """Sends a request and returns the status code of the response."""
    command = ["curl", "--silent", "--max-time", "10", "--output", "/dev/null", "--write-out", "%{http_code}"]
    command += ["--request", method, "--data", json.dumps(body)]
    command += [word for header in headers for word in ("--header", header)]
    done = subprocess.run(cluster.inside(*command, f"http://{host}{path}"), capture_output=True, text=True, check=False)
    return done.stdout


def wait_for(subject: str, attempt: Callable[[], T | None]) -> T:
    """Repeats an attempt until it returns a value, and returns that; raises ClusterError after TIMEOUT seconds."""
    deadline = time.monotonic() + TIMEOUT
    while (value := attempt()) is None:
        if time.monotonic() > deadline:
            raise cluster.ClusterError(f"demo: {subject}: nothing after {TIMEOUT:.0f} s")
        time.sleep(0.5)
    return value


def log(text: str) -> None:
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
