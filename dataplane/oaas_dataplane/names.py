"""Every name that stands in telemetry: attributes, metrics, headers.

`messaging.*`, `db.*` and `http.*` are those of the semantic conventions 1.4x; `oaas.*` are the platform's own.
"""

from __future__ import annotations

CLASS = "oaas.class"
DEPLOYMENT_ID = "oaas.deployment_id"
FUNCTION_KEY = "oaas.function_key"
OBJECT_ID = "oaas.object_id"
PARTITION_ID = "oaas.partition_id"
REQUEST_ID = "oaas.request_id"
OURS = "oaas."
"""Baggage under this prefix becomes attributes of every span below."""

ROUTER = "oaas.zenoh.router"
"""Zenoh IDs of the routers that a session is connected to: the hop that makes no span of its own."""

MESSAGING_SYSTEM = "messaging.system"
MESSAGING_DESTINATION = "messaging.destination.name"
MESSAGING_TEMPLATE = "messaging.destination.template"
MESSAGING_OPERATION_NAME = "messaging.operation.name"
MESSAGING_OPERATION_TYPE = "messaging.operation.type"
MESSAGING_BODY_SIZE = "messaging.message.body.size"
MESSAGING_CLIENT_ID = "messaging.client.id"
MESSAGING_CLIENT_DURATION = "messaging.client.operation.duration"
MESSAGING_PROCESS_DURATION = "messaging.process.duration"
ERROR_TYPE = "error.type"
ZENOH = "zenoh"

TRACE_ID_HEADER = "x-trace-id"
REQUEST_ID_HEADER = "x-request-id"
