"""Components that ask the API server."""

from __future__ import annotations

import pytest
import yaml

from krm_otel.collector.manifests import assets
from krm_otel.collector.reading.api_server import api_clients
from tests.support.collector import class_and_settings


@pytest.mark.parametrize(
    ("section", "component", "place"),
    [
        ("processors", "k8s_attributes: ", "processors.k8s_attributes"),
        ("processors", "k8sattributes/own: {passthrough: false}", "processors.k8sattributes/own"),
        ("processors", "k8s_attributes: {auth_type: none}", ""),
        ("processors", "resourcedetection: {detectors: [env, k8snode]}", "processors.resourcedetection.detectors.1"),
        ("processors", "resourcedetection: {detectors: [env, system]}", ""),
        ("receivers", "kubelet_stats: {collection_interval: 10s}", "receivers.kubelet_stats"),
        ("receivers", "k8s_cluster: ", "receivers.k8s_cluster"),
        (
            "receivers",
            "prometheus: {config: {scrape_configs: [{job_name: a}, {kubernetes_sd_configs: [{role: pod}]}]}}",
            "receivers.prometheus.config.scrape_configs.1.kubernetes_sd_configs",
        ),
        ("receivers", "prometheus: {config: {scrape_configs: [{static_configs: []}]}}", ""),
        ("exporters", "load_balancing: {resolver: {k8s: {service: a}}}", "exporters.load_balancing.resolver.k8s"),
        ("exporters", "load_balancing: {resolver: {dns: {hostname: a}}}", ""),
    ],
)
def test_what_needs_a_token(section: str, component: str, place: str) -> None:
    name = component.partition(":")[0]
    text = f"{{{section}: {{{component}}}, service: {{pipelines: {{traces: {{{section}: [%s]}}}}}}}}"
    found = [".".join(map(str, steps)) for steps in api_clients(yaml.safe_load(text % name))]
    assert found == ([place] if place else [])
    assert list(api_clients(yaml.safe_load(text % "other"))) == []


@pytest.mark.parametrize(("account", "mounted"), [("", False), ("service_account: {name: mine}, ", True)])
def test_an_account_of_the_users_has_its_token_where_it_is_needed(account: str, mounted: bool) -> None:
    own = "{processors: {k8s_attributes: }, service: {pipelines: {traces: {processors: [k8s_attributes]}}}}"
    found = class_and_settings("collector: {mode: deployment}", f"collector: {{{account}config: {own}}}")
    (pod,) = (a.data["spec"]["template"]["spec"] for a in assets(*found) if a.data["kind"] == "Deployment")
    assert pod["automountServiceAccountToken"] is mounted
