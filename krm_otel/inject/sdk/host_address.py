"""Endpoints with a variable as their host, as in `http://$(HOST_IP):4317` for an agent on each node.

The kubelet expands `$(NAME)` where NAME stands earlier in `env` (Kubernetes API reference, `EnvVar`). A container that
has the variable keeps its own; for the address of the node there is a helper variable.
"""

from __future__ import annotations

from krm_otel import names
from krm_otel.config.settings import Origin
from krm_otel.config.types.endpoint import host_variable, is_node_address
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.inject.attributes import reference
from krm_otel.inject.sdk.builder import ContainerBuilder

_FIELD = {"fieldRef": {"fieldPath": "status.hostIP"}}


def with_host_address(builder: ContainerBuilder, url: str, origin: Origin, *, downward_api: bool) -> str:
    """The endpoint with a variable that the container has; reports one that it cannot have.

    `downward_api`: the environment may have `fieldRef`.
    """
    name = host_variable(url)
    if name is None or name in builder.existing:
        return url
    if is_node_address(name) and downward_api:
        return url.replace(reference(name), reference(builder.helper(names.E_HOST_IP, _FIELD, origin)))
    if is_node_address(name):
        text = f"the endpoint is {url}, and Knative refuses the address of the node in a container's environment"
        fix = "write the name of a Service, or knative.field_ref: true where the cluster allows it"
    else:
        text = f"the endpoint is {url}, and the container {builder.container.name} has no variable {name}"
        fix = "write $(HOST_IP) for the address of the node, or add the variable"
    builder.report(rules.ENDPOINT_VARIABLE.at(builder.location(), text, fix=fix))
    return url
