"""Checks of mappings that Kubernetes defines and a generated object gets as they are: each names what the API server
would refuse.

Source: Kubernetes API reference, `TopologySpreadConstraint`, `PodDNSConfig` (v1), `HPAScalingRules` (autoscaling/v2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from krm_otel.config.types.finding import Finding, faults, write
from krm_otel.dataclass import dataclass, field
from krm_otel.diagnostics.rules import fields as rules
from krm_otel.diagnostics.suggestion import listed, nearest

Steps = tuple[str | int, ...]
Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The fields of a mapping: field → the words that it may have; empty: any value.

    Args:
        fields: all fields.
        required: those that the API server demands, with an example of each.
        inside: fields with lists of mappings, and their shape.
    """

    fields: Mapping[str, tuple[str, ...]]
    required: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, _Shape] = field(default_factory=dict)


def _any(*names: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(names, ())


_SPREAD: Final = _Shape(
    _any("maxSkew", "topologyKey", "labelSelector", "matchLabelKeys", "minDomains")
    | {"whenUnsatisfiable": ("ScheduleAnyway", "DoNotSchedule")}
    | dict.fromkeys(("nodeAffinityPolicy", "nodeTaintsPolicy"), ("Honor", "Ignore")),
    {"maxSkew": "1", "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"},
)
_SCALING_POLICY: Final = _Shape(
    {"type": ("Pods", "Percent"), **_any("value", "periodSeconds")},
    {"type": "Pods", "value": "2", "periodSeconds": "60"},
)
_SCALING: Final = _Shape(
    _any("stabilizationWindowSeconds", "policies", "tolerance") | {"selectPolicy": ("Max", "Min", "Disabled")},
    inside={"policies": _SCALING_POLICY},
)
_DNS: Final = _Shape(_any("nameservers", "searches", "options"), inside={"options": _Shape(_any("name", "value"))})


def _check(shape: _Shape) -> Callable[[Value], Value]:
    def check(value: Value) -> Value:
        if findings := list(_findings(value, shape, ())):
            raise faults(findings)
        return value

    return check


def _findings(value: Any, shape: _Shape, steps: Steps) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield Finding(rules.WRONG_TYPE, f"must be a mapping with the fields {listed(shape.fields, 'and')}", steps=steps)
        return
    for key, member in value.items():
        here = (*steps, str(key))
        if key not in shape.fields:
            meant = nearest(str(key), shape.fields)
            fix = write(meant) or f"the known fields are {listed(shape.fields, 'and')}"
            yield Finding(rules.UNKNOWN_FIELD, "is not a known field", fix, meant, here)
        elif (words := shape.fields[key]) and member not in words:
            meant = nearest(str(member), words)
            yield Finding(rules.UNKNOWN_VALUE, f"must be one of {listed(words)}", write(meant), meant, here)
        elif key in shape.inside:
            if not isinstance(member, Sequence) or isinstance(member, str):
                yield Finding(rules.WRONG_TYPE, "must be a list", steps=here)
                continue
            for index, entry in enumerate(member):
                yield from _findings(entry, shape.inside[key], (*here, index))
    for key, example in shape.required.items():
        if value.get(key) is None:
            fix = f"write it, for example {key}: {example}"
            yield Finding(rules.MISSING_FIELD, "is missing", fix, steps=(*steps, key))


spread_constraint = _check(_SPREAD)
scaling_rules = _check(_SCALING)
dns_config = _check(_DNS)
