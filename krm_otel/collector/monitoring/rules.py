"""Recording and alerting rules of a class: a PrometheusRule, or a rule file in a ConfigMap."""

from __future__ import annotations

from typing import Any, Final

from krm_otel import names
from krm_otel.collector import names as own
from krm_otel.collector.config.labels import OWNER
from krm_otel.collector.manifests.objects import Asset, generated, labelled
from krm_otel.collector.monitoring.bridge import bridge
from krm_otel.collector.monitoring.promql import Source, http_requests, matcher
from krm_otel.collector.monitoring.requirements import required
from krm_otel.config.schema.monitoring import Rules
from krm_otel.config.settings import OaasClass
from krm_otel.yamltext.emit import block

FILE: Final = "rules.yaml"


def rule_assets(oaas_class: OaasClass, rules: Rules, known: Source = http_requests) -> tuple[Asset, ...]:
    """The object with the rules of a class; none where there are no rules. `known`: what knows of its requests."""
    groups = rule_groups(oaas_class, rules, known)
    if not groups:
        return ()
    kind = ("v1", "ConfigMap") if rules.format == "config_map" else ("monitoring.coreos.com/v1", "PrometheusRule")
    made = labelled(generated(oaas_class, *kind, own.rules_name(oaas_class.name)), rules.labels)
    made["metadata"]["annotations"][names.A_NO_SUBSTITUTION] = "disabled"
    if rules.format == "config_map":
        made["data"] = {FILE: "\n".join(block({"groups": groups}, 2)) + "\n"}
    else:
        made["spec"] = {"groups": groups}
    called = " and ".join(group["name"].rpartition(".")[2] for group in groups)
    return (Asset(made, f"rules: {called} of class {oaas_class.name}"),)


def rule_groups(oaas_class: OaasClass, rules: Rules, known: Source = http_requests) -> list[dict[str, Any]]:
    """The groups of a rule file."""
    name, namespace = oaas_class.name, oaas_class.namespace
    requests = known(matcher(OWNER, name), *([matcher("namespace", namespace)] if namespace else []))
    made = {}
    if rules.analyzer:
        made["analyzer"] = bridge(name, namespace, requests)
    if rules.requirements and oaas_class.requirements.any:
        made["requirements"] = required(oaas_class, requests)
    head = ".".join(part for part in (namespace, name) if part)
    return [{"name": f"{head}.{group}", "interval": rules.interval, "rules": listed} for group, listed in made.items()]
