"""OTEL_PROPAGATORS may name a propagator that is not installed, or none between two commas: importing
`opentelemetry.propagate` then raises.

The API reads the variable at import, so it has to be right before that.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from importlib.metadata import entry_points

VARIABLE = "OTEL_PROPAGATORS"
_logger = logging.getLogger(__name__)


def keep_installed(environ: MutableMapping[str, str]) -> None:
    """Takes out of the variable what cannot be loaded, with a warning that says what to install."""
    wanted = [name.strip() for name in environ.get(VARIABLE, "").split(",") if name.strip()]
    if not wanted:
        environ.pop(VARIABLE, None)  # empty is as if it were not there
        return
    installed = {point.name for point in entry_points(group="opentelemetry_propagator")} | {"none"}
    kept = [name for name in wanted if name in installed or name.lower() == "none"]
    if missing := ", ".join(name for name in wanted if name not in kept):
        _logger.warning(
            "%s names %s, which is not installed: going on with %s", VARIABLE, missing, ", ".join(kept) or "none"
        )
    environ[VARIABLE] = ",".join(kept) or "none"
