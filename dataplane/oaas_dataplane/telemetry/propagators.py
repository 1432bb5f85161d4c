"""OTEL_PROPAGATORS may name a propagator that is not installed: importing `opentelemetry.propagate` then raises.

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
    installed = {point.name for point in entry_points(group="opentelemetry_propagator")} | {"none"}
    kept = [name for name in wanted if name in installed or name.lower() == "none"]
    if kept == wanted:
        return
    missing = ", ".join(name for name in wanted if name not in kept)
    _logger.warning(
        "%s names %s, which is not installed: going on with %s", VARIABLE, missing, ", ".join(kept) or "none"
    )
    environ[VARIABLE] = ",".join(kept) or "none"
