"""What OTEL_* says, so that API and SDK can read it.

By the specification an empty variable is as if it were not there, names are known in any case, and a name that is not
known is warned of and left out. Python's API raises at import where OTEL_PROPAGATORS names what is not installed, its
SDK gives up all signals where the exporter of one is not, and both take some empty variables for values.

The API reads variables at import, so they have to be right before that.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from importlib.metadata import entry_points

LISTS = {"OTEL_PROPAGATORS": "opentelemetry_propagator"}
"""Variable → what is installed for it, where several may be named."""
SINGLE = {
    "OTEL_PYTHON_CONTEXT": "opentelemetry_context",
    "OTEL_PYTHON_METER_PROVIDER": "opentelemetry_meter_provider",
    "OTEL_PYTHON_TRACER_PROVIDER": "opentelemetry_tracer_provider",
}
EXPORTERS = {
    f"OTEL_{signal}_EXPORTER": f"opentelemetry_{signal.lower()}_exporter" for signal in ("TRACES", "METRICS", "LOGS")
}
"""Of the SDK, where there is one."""
_logger = logging.getLogger(__name__)


def prepare(environ: MutableMapping[str, str]) -> None:
    """Before the API is imported: takes out what is empty, and what the API cannot load, with a warning of that."""
    for name in [name for name, value in environ.items() if name.startswith("OTEL_") and not value.strip()]:
        del environ[name]
    said = [_keep_installed(environ, name, group) for name, group in {**LISTS, **SINGLE}.items()]
    _warn(said)  # all of it is right by now: who writes a line of log asks the API


def prepare_sdk(environ: MutableMapping[str, str]) -> None:
    """The same for exporters: one that is not there is no reason to be without the others."""
    _warn([_keep_installed(environ, name, group, "otlp") for name, group in EXPORTERS.items()])


def _keep_installed(environ: MutableMapping[str, str], variable: str, group: str, *known: str) -> str:
    """What is to be said of it. `none` among names is none at all, as the API has it."""
    if variable not in environ:
        return ""
    wanted = {name.strip().lower(): name.strip() for name in environ[variable].split(",") if name.strip()}
    installed = {name.lower(): name for name in (*(point.name for point in entry_points(group=group)), *known)}
    kept = [installed[name] for name in wanted if name in installed]
    missing = [said for name, said in wanted.items() if name not in (*installed, "none")]
    if kept and len(kept) + len(missing) == len(wanted):
        environ[variable] = ",".join(kept)
    elif wanted and variable not in SINGLE:
        environ[variable] = "none"
    else:
        del environ[variable]
    if not missing:
        return ""
    rest = environ.get(variable, "the default")
    return f"{variable} names {', '.join(missing)}, which is not installed: going on with {rest}"


def _warn(said: list[str]) -> None:
    for text in filter(None, said):
        _logger.warning("%s", text)
