"""What Flux's variable substitution would do to an instrumented workload.

Source: fluxcd/pkg/envsubst, run: with `postBuild.substitute`, `$$(X)` becomes `$(X)`, which the kubelet then expands,
and `${x}` becomes the variable's value, or nothing. `$(X)` and a lone `$` stay. An object opts out by a label or an
annotation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules.workloads import FLUX_SUBSTITUTION
from krm_otel.krm.resource import Resource
from krm_otel.names import A_NO_SUBSTITUTION

_ESCAPED: Final = "$$("


def check_flux_substitution(resource: Resource, text: str, injected: Iterable[str]) -> Iterator[Result]:
    """A warning for a workload that Flux's substitution would damage.

    Args:
        resource: the workload.
        text: the whole object; Flux damages an escaped reference of the user's, too.
        injected: the injected values. A `${x}` in another value may be meant for Flux, one in these is not.
    """
    if "disabled" in (resource.labels.get(A_NO_SUBSTITUTION), resource.annotations.get(A_NO_SUBSTITUTION)):
        return
    damaged = _ESCAPED if _ESCAPED in text else "${" if any("${" in value for value in injected) else None
    if damaged:
        location = Location(resource.ref, field_path("metadata", "annotations", A_NO_SUBSTITUTION))
        message = f"a value contains {damaged}, which Flux changes where it substitutes variables"
        fix = f"if you use Flux, write the annotation {A_NO_SUBSTITUTION}: disabled"
        yield FLUX_SUBSTITUTION.at(location, message, fix=fix, proposed="disabled")
