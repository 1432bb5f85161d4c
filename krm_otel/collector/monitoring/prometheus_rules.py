"""Recording and alerting rules of a class: a PrometheusRule, or a rule file in a ConfigMap."""

from __future__ import annotations

from typing import Any, Final

from krm_otel.collector.config.metric_attributes import OWNER
from krm_otel.collector.manifests.objects import Asset, new_object, with_labels
from krm_otel.collector.monitoring.nfr_analyzer import analyzer_rules
from krm_otel.collector.monitoring.nfr_requirements import requirement_rules
from krm_otel.collector.monitoring.promql import RequestHistogram, http_requests, matcher
from krm_otel.collector.naming import rules_name
from krm_otel.config.schema.monitoring import Rules
from krm_otel.config.settings import OaasClass
from krm_otel.yamltext.emit import block

FILE: Final = "rules.yaml"


def rule_assets(
    oaas_class: OaasClass, options: Rules, histogram: RequestHistogram = http_requests
) -> tuple[Asset, ...]:
    """The object with the rules of a class; none where there are no rules. `histogram` counts its requests."""
    groups = rule_groups(oaas_class, options, histogram)
    if not groups:
        return ()
    in_config_map = options.format == "config_map"
    kind = ("v1", "ConfigMap") if in_config_map else ("monitoring.coreos.com/v1", "PrometheusRule")
    data = new_object(oaas_class, *kind, rules_name(oaas_class.name), substitute=False)
    data = with_labels(data, options.labels)
    if in_config_map:
        data["data"] = {FILE: "\n".join(block({"groups": groups}, 2)) + "\n"}
    else:
        data["spec"] = {"groups": groups}
    subjects = " and ".join(group["name"].rpartition(".")[2] for group in groups)
    return (Asset(data, f"rules: {subjects} of class {oaas_class.name}"),)


def rule_groups(
    oaas_class: OaasClass, options: Rules, histogram: RequestHistogram = http_requests
) -> list[dict[str, Any]]:
    """The groups of a rule file."""
    name, namespace = oaas_class.name, oaas_class.namespace
    requests = histogram(matcher(OWNER, name), *([matcher("namespace", namespace)] if namespace else []))
    rules = {}
    if options.analyzer:
        rules["analyzer"] = analyzer_rules(name, namespace, requests)
    if options.requirements and oaas_class.requirements.any:
        rules["requirements"] = requirement_rules(oaas_class, requests)
    prefix = ".".join(part for part in (namespace, name) if part)
    return [
        {"name": f"{prefix}.{subject}", "interval": options.interval, "rules": group}
        for subject, group in rules.items()
    ]
