"""Whether the components of a pipeline know its signal: otherwise the collector does not start.

Source: the `metadata.yaml` of each component (collector and collector-contrib, v0.158), of those that know few signals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from krm_otel.collector.consistency.problem import Deployed, Problem
from krm_otel.collector.reading.structure import mapping, names_in, pipelines, type_of
from krm_otel.diagnostics.rules import collector as rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.otlp import SIGNALS

_TRACES: Final = ("traces",)
_METRICS: Final = ("metrics",)
_LOGS: Final = ("logs",)
_KNOWN: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "receivers": {
        **dict.fromkeys(("jaeger", "zipkin", "awsxray"), _TRACES),
        **dict.fromkeys(("carbon", "collectd", "influxdb", "kubeletstats", "prometheus", "statsd"), _METRICS),
        **dict.fromkeys(("fluentforward", "filelog", "loki", "syslog", "tcplog", "udplog"), _LOGS),
        "signalfx": ("metrics", "logs"),
        "splunkhec": ("metrics", "logs"),
    },
    "processors": {
        **dict.fromkeys(("groupbytrace", "span", "tailsampling"), _TRACES),
        **dict.fromkeys(("cumulativetodelta", "deltatocumulative", "deltatorate", "metricstransform"), _METRICS),
        "probabilisticsampler": ("traces", "logs"),
    },
    "exporters": {
        "zipkin": _TRACES,
        **dict.fromkeys(("prometheus", "prometheusremotewrite"), _METRICS),
    },
}
"""Role → type, without `_`, since many names have got some → its signals."""


def signal_problems(deployed: Deployed) -> Iterator[Problem]:
    """Components that do not know the signal of a pipeline in which the user's part puts them."""
    for name, pipeline in pipelines(deployed.config):
        signal = type_of(name)
        for role, types in _KNOWN.items():
            for index, component in enumerate(names_in(pipeline.get(role))):
                known = types.get(type_of(component).replace("_", ""), SIGNALS)
                if signal in SIGNALS and signal not in known and component in mapping(deployed.config.get(role)):
                    text = f"is {component}, which knows {listed(known, 'and')} only, so the collector does not start"
                    steps = ("service", "pipelines", name, role, index)
                    yield Problem(rules.COLLECTOR_CONFIG, steps, text, f"name it in a pipeline of {known[0]}")
