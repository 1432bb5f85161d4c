"""Flux replaces variables in what it applies: what it would do to a workload with our values in it.

Source: fluxcd/pkg/envsubst, run: with `postBuild.substitute`, `$$(X)` becomes `$(X)`, which the kubelet then expands,
and `${x}` becomes the variable's value, or nothing. `$(X)` and a lone `$` stay. An object opts out by a label or an
annotation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Result
from krm_otel.krm.resource import Resource

KEY: Final = "kustomize.toolkit.fluxcd.io/substitute"
_ESCAPED: Final = "$$("


def damaged_by_flux(resource: Resource, text: str, injected: Iterable[str]) -> Iterable[Result]:
    """A warning for a workload that Flux's substitution would damage.

    `text` is the whole object: an escaped reference of the user's is damaged, too. A `${x}` of theirs may be meant for
    Flux; one in the `injected` values is not.
    """
    if "disabled" in (resource.labels.get(KEY), resource.annotations.get(KEY)):
        return
    found = _ESCAPED if _ESCAPED in text else "${" if any("${" in value for value in injected) else None
    if found:
        message = (
            f"a value holds {found}, which Flux would change where it substitutes variables; with Flux, write the "
            f"annotation {KEY}: disabled"
        )
        path = field_path("metadata", "annotations", KEY)
        yield Result("flux-substitution", "warning", message, resource.ref, path, proposed="disabled")
