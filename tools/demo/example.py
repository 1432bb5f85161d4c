"""examples/end-to-end on a cluster: its images, and its manifests as krm-otel renders them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tools.cluster import cluster
from tools.containers.podman import dataplane_image, save
from tools.demo import jaeger

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "end-to-end"
CONFIG = EXAMPLE / "otelconfig.yaml"
NAMESPACE = "shop"
OBJECT = "/api/class/shop/0/objects/cart-1"
INVOKE = f"{OBJECT}/invokes/record"
SPANS = 12
"""Spans of one call of the function: see docs/end-to-end.md."""
KRM_OTEL = str(Path(sys.executable).with_name("krm-otel"))


@cache
def load_images() -> None:
    """Loads the images of the services and of Jaeger into the node, once per process.

    Raises:
        ToolError: the image of the services is not built.
    """
    archive = cluster.STATE / "images" / "dataplane.tar"
    save(dataplane_image(), archive)
    cluster.import_image(archive)
    jaeger.load_image()


def rendered(namespace: str, config: str, function: str = "deployments") -> str:
    """The package in a namespace, rendered by the real command.

    Args:
        config: text of the OTelConfig.
        function: the folder of the manifests of the function: `deployments` or `knative`.

    Raises:
        ClusterError: the command fails.
    """
    with tempfile.TemporaryDirectory() as copy:
        for file in sorted(file for part in ("base", function) for file in (EXAMPLE / part).glob("*.yaml")):
            text = file.read_text().replace(f"namespace: {NAMESPACE}\n", f"namespace: {namespace}\n")
            if function == "knative":
                # There is no ingress: the gateway calls the Service of the Revision.
                text = text.replace('http://shop"', 'http://shop-00001-private"')
            Path(copy, file.name).write_text(text)
        manifests = sorted(map(str, Path(copy).glob("*.yaml")))
        platform = Path(copy, "otelconfig.yaml")
        platform.write_text(config)
        command = [KRM_OTEL, "render", *manifests, "-c", str(platform)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise cluster.ClusterError(done.stderr)
    return done.stdout
