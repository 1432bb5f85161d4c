"""Which request this is: known once, at the gateway, and on every span after it.

It travels as baggage, so the services behind need not be told; those that know more say so on their own spans.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import baggage, trace
from opentelemetry import context as contexts


@contextmanager
def known(values: Mapping[str, str]) -> Iterator[None]:
    """Puts `oaas.*` values on the current span, and on every span that is started below it, wherever."""
    context = contexts.get_current()
    for key, value in values.items():
        context = baggage.set_baggage(key, value, context)
    trace.get_current_span().set_attributes(dict(values))
    token = contexts.attach(context)
    try:
        yield
    finally:
        contexts.detach(token)


def deployment_id() -> str:
    """Of this process: OPRC_DEPLOYMENT_ID, else the deployment that its telemetry is said to come from."""
    resource: Any = getattr(trace.get_tracer_provider(), "resource", None)
    said = resource.attributes.get("deployment.name", "") if resource is not None else ""
    return os.environ.get("OPRC_DEPLOYMENT_ID") or str(said)
