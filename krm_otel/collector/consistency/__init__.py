"""Whether a merged config and the manifest that it runs in fit together.

A config that is only generated fits. What a manifest can follow, such as another port, it follows
(`krm_otel.collector.reading.listening`); what it cannot follow is reported here.
"""

from __future__ import annotations

from collections.abc import Iterator

from krm_otel.collector.config.build import build_config
from krm_otel.collector.consistency.components import component_problems
from krm_otel.collector.consistency.exporters import exporter_problems
from krm_otel.collector.consistency.files import file_problems
from krm_otel.collector.consistency.left_out import left_out_problems
from krm_otel.collector.consistency.limits import limit_problems
from krm_otel.collector.consistency.problem import Deployed, Problem, link_of
from krm_otel.collector.consistency.reach import reach_problems
from krm_otel.collector.consistency.references import reference_problems
from krm_otel.collector.consistency.series import series_problems
from krm_otel.collector.consistency.signals import signal_problems
from krm_otel.collector.manifests.container import container
from krm_otel.collector.reading.listening import listening
from krm_otel.collector.reading.structure import mapping
from krm_otel.collector.tiers import tiers
from krm_otel.config.provenance import Sourced
from krm_otel.config.settings import OaasClass, Settings
from krm_otel.diagnostics.field_path import Step, field_path
from krm_otel.diagnostics.result import Result

_CHECKS = (
    reach_problems,
    component_problems,
    signal_problems,
    exporter_problems,
    series_problems,
    reference_problems,
    file_problems,
    limit_problems,
    left_out_problems,
)


def check_consistency(
    oaas_class: OaasClass, settings: Settings, *, operator: bool = False, monitored: bool = False
) -> Iterator[Result]:
    """What does not fit together in the collectors of a class.

    Args:
        oaas_class: the class, or the owner of the collectors on nodes.
        settings: its settings.
        operator: the OpenTelemetry Operator makes the pods, with probes only where there is a health check.
        monitored: a monitor fetches the collector's own metrics.
    """
    all_tiers = tiers(oaas_class, settings)
    link = link_of(*(build_config(tier) for tier in all_tiers)) if len(all_tiers) > 1 else None
    for tier in all_tiers:
        own = tier.collector.config
        if own is None:
            continue
        config = build_config(tier)
        deployed = Deployed(
            tier=tier,
            config=config,
            own=own.value,
            listening=listening(config),
            container=container(tier),
            link=link,
            operator=operator,
            monitored=monitored,
        )
        for check in _CHECKS:
            for problem in check(deployed):
                yield _result(own, problem)


def _result(own: Sourced[dict[str, object]], problem: Problem) -> Result:
    """The result at the part of the place that the user wrote."""
    steps: list[Step] = []
    value: object = own.value
    for step in problem.steps:
        inside = value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None
        if isinstance(step, str) and step in mapping(value):
            inside = mapping(value)[step]
        elif inside is None:
            break
        steps.append(step)
        value = inside
    missing = problem.steps[len(steps) :]
    text = f"({field_path(*missing)}) {problem.text}" if missing else problem.text
    where = own.inside(None, *steps)
    return where.report(problem.rule, text, fix=problem.fix, severity=problem.severity)
