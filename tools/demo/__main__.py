"""The data plane on the cluster, with what krm-otel injects, and the trace of one request: `make demo-e2e`.

    python3 -m tools.demo [--config OTELCONFIG] [--namespace shop] [--svg FILE]

Starts the cluster where it is not running, and leaves it. The package is examples/end-to-end; the trace is what
Jaeger's API answers.
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
from tools.containers.podman import ContainerError
from tools.demo import jaeger
from tools.demo.example import CONFIG, INVOKE, KRM_OTEL, NAMESPACE, OBJECT, SPANS, load_images, rendered
from tools.demo.traces import Span, svg, tree

T = TypeVar("T")
PATIENCE = 120.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.demo", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--config", type=Path, default=CONFIG, help="an OTelConfig in place of the example's")
    parser.add_argument("--namespace", default=NAMESPACE, help="of the package; %(default)s where none is given")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also write the trace as a picture")
    given = parser.parse_args(arguments)
    try:
        spans = run(given.config, given.namespace)
    except (cluster.ClusterError, ContainerError, OSError, ToolError) as error:
        print(error, file=sys.stderr)
        return 1
    # Wide enough for each line where there is no terminal that has a width.
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(tree(spans))
    if given.svg:
        given.svg.write_text(svg(spans))
        say(f"written: {given.svg}")
    say(f"the cluster stays: KUBECONFIG={cluster.KUBECONFIG}; `make cluster-down` ends it")
    return 0


def run(config: Path, namespace: str) -> list[Span]:
    """Starts it all and calls the function once; the trace of that.

    Raises:
        ClusterError, ContainerError, OSError, ToolError: something is missing, or does not happen.
    """
    say(f"krm-otel render, with {config}")
    manifests = rendered(namespace, config.read_text())
    cluster.up()
    say("images")
    load_images()
    definition = subprocess.run([KRM_OTEL, "crd"], capture_output=True, text=True, check=True).stdout
    say("kubectl apply")
    kubectl("apply", "--server-side", "--filename", "-", text=f"{jaeger.MANIFESTS}---\n{definition}")
    kubectl("wait", "--for=condition=Established", "crd/classruntimes.oaas.io", "--timeout=30s")
    kubectl("create", "namespace", namespace, check=False)
    kubectl("apply", "--server-side", "--filename", "-", text=manifests)
    say("waiting for pods")
    kubectl("rollout", "status", "deployment/jaeger", "--namespace", jaeger.NAMESPACE, "--timeout=120s")
    for kind in ("deployment", "statefulset"):
        for name in kubectl("get", kind, "--namespace", namespace, "--output", "name").split():
            kubectl("rollout", "status", name, "--namespace", namespace, "--timeout=180s")
    gateway, query = address("oaas-gateway", namespace), address("jaeger", jaeger.NAMESPACE)
    say(f"PUT and POST http://{gateway}{OBJECT}")
    until("the gateway", lambda: request(gateway, "PUT", OBJECT, {"items": 1}) == "204" or None)

    def called() -> str | None:
        # Half of the traces that begin at the gateway are kept; this caller has decided, so it is one of them.
        trace_id = secrets.token_hex(16)  # of each attempt: a function that is not there yet leaves spans, too
        sampled = f"traceparent: 00-{trace_id}-{secrets.token_hex(8)}-01"
        return trace_id if request(gateway, "POST", INVOKE, {"items": 2}, sampled) == "200" else None

    trace_id = until("the function", called)
    say(f"asking Jaeger: http://{query}:{jaeger.QUERY}/api/traces/{trace_id}")
    return until("the trace", lambda: spans if len(spans := jaeger.trace(query, trace_id)) >= SPANS else None)


def kubectl(*arguments: str, text: str = "", check: bool = True) -> str:
    command = cluster.inside("kubectl", "--kubeconfig", str(cluster.KUBECONFIG), *arguments)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise cluster.ClusterError(f"demo: kubectl {' '.join(arguments[:3])} failed\n{done.stderr}")
    return done.stdout


def address(service: str, namespace: str) -> str:
    return kubectl("get", "service", service, "--namespace", namespace, "--output", "jsonpath={.spec.clusterIP}")


def request(host: str, method: str, path: str, body: object, *headers: str) -> str:
    """The status of the answer."""
    command = ["curl", "--silent", "--max-time", "10", "--output", "/dev/null", "--write-out", "%{http_code}"]
    command += ["--request", method, "--data", json.dumps(body)]
    command += [word for header in headers for word in ("--header", header)]
    done = subprocess.run(cluster.inside(*command, f"http://{host}{path}"), capture_output=True, text=True, check=False)
    return done.stdout


def until(what: str, happened: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + PATIENCE
    while (answer := happened()) is None:
        if time.monotonic() > deadline:
            raise cluster.ClusterError(f"demo: {what}: nothing after {PATIENCE:.0f} s")
        time.sleep(0.5)  # between two questions; what is waited for is the answer
    return answer


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
