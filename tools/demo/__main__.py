"""The data plane on the cluster, with what krm-otel injects, and the trace of one request: `make demo-e2e`.

    python3 -m tools.demo [--mode sidecar] [--svg FILE]

Starts the cluster where it is not running, and leaves it. The package is examples/end-to-end as it is there, but for
the mode; the trace is what Jaeger's API answers.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import yaml
from rich.console import Console

from tools.build import ToolError
from tools.cluster import cluster
from tools.containers.podman import ContainerError, dataplane_image, save
from tools.demo import jaeger
from tools.demo.traces import Span, svg, tree

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "end-to-end"
NAMESPACE = "shop"
OBJECT = "/api/class/shop/0/objects/cart-1"
SPANS = 12
"""Of one call: see docs/end-to-end.md."""
PATIENCE = 120.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.demo", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--mode", choices=["sidecar", "deployment"], default="sidecar", help="of the collector")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also write the trace as a picture")
    given = parser.parse_args()
    try:
        spans = run(given.mode)
    except (cluster.ClusterError, ContainerError, ToolError) as error:
        print(error, file=sys.stderr)
        return 1
    Console(highlight=False).print(tree(spans))
    if given.svg:
        given.svg.write_text(svg(spans))
        say(f"written: {given.svg}")
    say(f"the cluster stays: KUBECONFIG={cluster.KUBECONFIG}; `make cluster-down` ends it")
    return 0


def run(mode: str) -> list[Span]:
    """Starts it all and calls the function once; the trace of that.

    Raises:
        ClusterError, ContainerError, ToolError: something is missing, or does not happen.
    """
    cluster.up()
    say("images")
    archive = cluster.STATE / "images" / "dataplane.tar"
    save(dataplane_image(), archive)
    cluster.import_image(archive)
    jaeger.load_image()
    say(f"krm-otel render, with mode {mode}")
    manifests = rendered(mode)
    krm_otel = str(Path(sys.executable).with_name("krm-otel"))
    definition = subprocess.run([krm_otel, "crd"], capture_output=True, text=True, check=True).stdout
    say("kubectl apply")
    kubectl("apply", "--server-side", "--filename", "-", text=f"{jaeger.MANIFESTS}---\n{definition}")
    kubectl("wait", "--for=condition=Established", "crd/classruntimes.oaas.io", "--timeout=30s")
    kubectl("create", "namespace", NAMESPACE, check=False)
    kubectl("apply", "--server-side", "--filename", "-", text=manifests)
    say("waiting for pods")
    kubectl("rollout", "status", "deployment/jaeger", "--namespace", jaeger.NAMESPACE, "--timeout=120s")
    for kind in ("deployment", "statefulset"):
        for name in kubectl("get", kind, "--namespace", NAMESPACE, "--output", "name").split():
            kubectl("rollout", "status", name, "--namespace", NAMESPACE, "--timeout=180s")
    gateway, query = address("oaas-gateway", NAMESPACE), address("jaeger", jaeger.NAMESPACE)
    trace_id = secrets.token_hex(16)
    say(f"PUT and POST http://{gateway}{OBJECT}")
    until("the gateway", lambda: request(gateway, "PUT", OBJECT, {"items": 1}) == "204" or None)
    # Half of the traces that begin at the gateway are kept; this caller has decided, so it is one of them.
    path, sampled = f"{OBJECT}/invokes/record", f"traceparent: 00-{trace_id}-{secrets.token_hex(8)}-01"
    until("the function", lambda: request(gateway, "POST", path, {"items": 2}, sampled) == "200" or None)
    say(f"asking Jaeger: http://{query}:{jaeger.QUERY}/api/traces/{trace_id}")
    return until("the trace", lambda: spans if len(spans := jaeger.trace(query, trace_id)) >= SPANS else None)


def rendered(mode: str) -> str:
    """What `krm-otel render` makes of the example, in this mode."""
    config = yaml.safe_load((EXAMPLE / "otelconfig.yaml").read_text())
    config["spec"]["collector"]["mode"] = mode
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(config, file)
        file.flush()
        krm_otel = str(Path(sys.executable).with_name("krm-otel"))
        folders = [str(EXAMPLE / "base"), str(EXAMPLE / "deployments")]
        done = subprocess.run(
            [krm_otel, "render", *folders, "-c", file.name], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise cluster.ClusterError(done.stderr)
    return done.stdout


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
