"""Endpoints with a variable as their host, as in `http://$(HOST_IP):4317` for an agent on each node.

The kubelet expands `$(NAME)` where NAME stands earlier in `env`, comes by `envFrom`, or is the address of a Service of
the namespace (Kubernetes API reference, `EnvVar`; kubelet, `makeEnvironmentVariables`). A container that has the
variable keeps its own; for the address of the node there is a helper variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from krm_otel import names
from krm_otel.config.settings import Endpoint, Origin
from krm_otel.config.types.endpoint import host_variable, is_node_address, is_service_address
from krm_otel.dataclass import dataclass, replace
from krm_otel.diagnostics.result import Severity
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.inject.attributes import reference
from krm_otel.inject.sdk.builder import ContainerBuilder
from krm_otel.inject.sdk.environment import ExistingVariable
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.pods import pod_text
from krm_otel.yamltext.query import items_of, lookup

_FIELD: Final = {"fieldRef": {"fieldPath": "status.hostIP"}}


@dataclass(frozen=True, slots=True)
class HostVariables:
    """The variables that a pod can have in endpoints.

    Args:
        downward_api: its environment may have `fieldRef`.
        service_links: the kubelet sets the addresses of Services.
    """

    downward_api: bool
    service_links: bool

    @classmethod
    def of(cls, workload: Workload) -> HostVariables:
        """Those of a workload's pods. Knative switches service links off (its `config-defaults`)."""
        links = not workload.kind.knative and pod_text(workload, "enableServiceLinks") != "false"
        return cls(workload.kind.downward_api, links)

    def reachable(self, builder: ContainerBuilder, endpoint: Endpoint) -> Endpoint:
        """The endpoint for a container: that of the Service, where the pod may not know the address of its node."""
        name = host_variable(endpoint.url)
        if name is None or self.downward_api or name in builder.existing or not endpoint.service_url:
            return endpoint
        return replace(endpoint, url=endpoint.service_url)

    def defined(self, builder: ContainerBuilder, url: str, origin: Origin) -> str:
        """The endpoint with a variable that the container has; reports one that it does not have."""
        name = host_variable(url)
        if name is None or name in builder.existing:
            return url
        if is_node_address(name) and self.downward_api:
            return url.replace(reference(name), reference(builder.helper(names.E_HOST_IP, _FIELD, origin)))
        if self.service_links and is_service_address(name):
            return url
        severity: Severity | None = None
        if is_node_address(name):
            text = f"the endpoint is {url}, and Knative refuses the address of the node in a container's environment"
            fix = "write the name of a Service, or knative.field_ref: true where the cluster allows it"
        else:
            text = f"the endpoint is {url}, and the container {builder.container.name} has no variable {name}"
            fix = "write $(HOST_IP) for the address of the node, or add the variable"
            if items_of(lookup(builder.container.node, "envFrom")):
                text, severity = f"{text}, unless it comes by envFrom", "warning"
        builder.report(rules.ENDPOINT_VARIABLE.at(builder.location(), text, fix=fix, severity=severity))
        return url


def stands_before(existing: Mapping[str, ExistingVariable], name: str, url: str) -> bool:
    """Whether the kubelet can expand an endpoint in the place of a variable that the user has set."""
    variable = host_variable(url)
    if variable is None:
        return True
    place, needed = existing[name].index, existing.get(variable)
    if place is None or needed is None:
        return False
    return needed.index is None or needed.index < place
