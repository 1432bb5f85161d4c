"""Dashboards: the JSON that Grafana reads, and the example that is published (`make golden` writes it anew)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from krm_otel.collector.monitoring.dashboards import dashboard_assets, dashboard_json
from krm_otel.config.schema.monitoring import Dashboards
from tests.support.collector import class_and_settings, node_collectors_and_settings

EXAMPLE = Path(__file__).parents[4] / "examples" / "dashboards" / "hello-class.json"
MODES = ("sidecar", "deployment", "daemonset")


def dashboard(mode: str, namespace: str = "demo") -> dict[str, Any]:
    block = f"collector: {{mode: {mode}}}" if mode != "external" else "collector: {endpoint: 'http://c:4317'}"
    found: dict[str, Any] = json.loads(dashboard_json(*class_and_settings(block, namespace=namespace)))
    return found


def rows(found: dict[str, Any]) -> list[str]:
    return [panel["title"] for panel in found["panels"] if panel["type"] == "row"]


def test_the_example_is_of_today(request: pytest.FixtureRequest) -> None:
    made = dashboard_json(*class_and_settings("collector: {mode: deployment}", name="hello-class", namespace="shop"))
    wanted = EXAMPLE.read_text(encoding="utf-8") if EXAMPLE.exists() else ""
    if request.config.getoption("--update-golden") and made != wanted:
        EXAMPLE.write_text(made, encoding="utf-8")
    assert made == wanted


@pytest.mark.parametrize("mode", MODES)
def test_every_panel_asks_the_chosen_data_source(mode: str) -> None:
    """Each has a title, a unit, and queries with names of their own, and no two panels overlap."""
    found = dashboard(mode)
    panels = [panel for panel in found["panels"] if panel["type"] != "row"]
    assert len(panels) >= 10
    assert len({panel["id"] for panel in found["panels"]}) == len(found["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["title"] and panel["description"].endswith(".") and panel["fieldConfig"]["defaults"]["unit"]
        assert panel["options"]["tooltip"]["mode"] == "multi" and panel["options"]["legend"]["showLegend"]
        assert all(target["range"] for target in panel["targets"])
        assert panel["datasource"]["uid"] == "${datasource}"
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
        assert all(target["expr"] and target["legendFormat"] for target in panel["targets"])
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + 8)}
        assert not cells & taken and place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize("mode", MODES)
def test_grafanas_own_models_read_and_write_it_without_loss(mode: str) -> None:
    """No field is unknown to them, and panels and queries are those of their plugins."""
    register_default_plugins()
    written = dashboard(mode)
    read = Dashboard.from_json(written)
    assert json.loads(JSONEncoder().encode(read)) == written
    queries = [target for panel in written["panels"] for target in panel.get("targets", ())]
    kinds = [type(target).__module__ for panel in read.panels or [] for target in getattr(panel, "targets", None) or ()]
    assert kinds == ["grafana_foundation_sdk.models.prometheus"] * len(queries)


def test_the_collector_is_shown_where_krm_otel_generates_it() -> None:
    assert rows(dashboard("external")) == ["Functions", "Object store (ODGM)"]
    for mode in MODES:
        assert rows(dashboard(mode)) == ["Functions", "Object store (ODGM)", "Collector"]
    nodes = json.loads(dashboard_json(*node_collectors_and_settings("collector: {daemonset: {manage: true}}")))
    assert rows(nodes) == ["Collector"]


def test_a_collector_that_classes_share_is_asked_for_by_its_own_name() -> None:
    for mode, owner in (("deployment", "echo"), ("daemonset", "oaas-otel")):
        memory = dashboard(mode)["panels"][-1]["targets"][0]["expr"]
        assert f'oaas_owner="{owner}"' in memory
        assert ("$namespace" in memory) == (owner == "echo")


def test_data_that_both_tiers_receive_is_counted_once() -> None:
    """What is refused or dropped in the second one is there all the same."""
    for panel in dashboard("deployment")["panels"]:
        first_only = ['oaas_tier!="gateway"' in target["expr"] for target in panel.get("targets", ())]
        assert first_only == [panel["title"] == "Received"] * len(first_only)


def test_the_namespace_is_chosen_where_it_is_known() -> None:
    for namespace, chosen in (("demo", ["demo"]), ("", ["$__all"])):
        variables = {one["name"]: one for one in dashboard("sidecar", namespace)["templating"]["list"]}
        assert list(variables) == ["datasource", "namespace", "function"]
        assert variables["namespace"]["current"]["value"] == chosen


def test_every_variable_that_is_used_is_there() -> None:
    text = dashboard_json(*class_and_settings("collector: {mode: deployment}"))
    used = set(re.findall(r"\$\{?(\w+)", text))
    assert used == {"datasource", "namespace", "function", "__rate_interval", "__all"}


def test_two_classes_have_two_dashboards() -> None:
    found = [
        dashboard_json(*class_and_settings(name=name, namespace=space))
        for name, space in (("a", "x"), ("b", "x"), ("a", "y"))
    ]
    identifiers = {json.loads(one)["uid"] for one in found}
    assert len(identifiers) == 3
    assert all(len(one) <= 40 for one in identifiers), "Grafana's limit"


def test_the_sidecar_finds_it() -> None:
    """By the usual label, unless the configuration says another; the folder only where one is given."""
    (asset,) = dashboard_assets(*class_and_settings(), Dashboards())
    metadata = asset.data["metadata"]
    assert metadata["labels"]["grafana_dashboard"] == "1"
    assert metadata["annotations"] == {
        "oaas.io/generated-by": "krm-otel",
        "kustomize.toolkit.fluxcd.io/substitute": "disabled",
    }
    assert list(asset.data["data"]) == ["demo.echo-otel-dashboard.json"]
    (asset,) = dashboard_assets(
        *class_and_settings(),
        Dashboards(folder="Team A", folder_annotation="folder", labels={"dashboard": "yes", "component": "mine"}),
    )
    metadata = asset.data["metadata"]
    assert metadata["annotations"]["folder"] == "Team A"
    assert metadata["labels"]["dashboard"] == "yes"
    assert metadata["labels"]["component"] == "otel", "what pruning goes by stays"
    assert "grafana_dashboard" not in metadata["labels"]
