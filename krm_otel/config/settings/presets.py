"""Platforms whose components are known: the labels that their charts write, and the names of their services.

Source for `oaas-rs`: the charts of pawissanutt/oaas-rs (2026-03), rendered. The package manager's etcd has its
`app.kubernetes.io/name`, so its `component` tells them apart.
"""

from __future__ import annotations

from typing import Final

from krm_otel.config.settings.configuration import PlatformComponent
from krm_otel.config.settings.sdk_profiles import NONE, OAAS_RS

PRESETS: Final = {
    "oaas-rs": (
        PlatformComponent("gateway", {"app": "gateway", "platform": "oaas"}, "oprc-gateway", OAAS_RS),
        PlatformComponent("router", {"app": "router", "platform": "oaas"}, "router", NONE),
        PlatformComponent("crm", {"app.kubernetes.io/component": "crm"}, "oprc-crm", OAAS_RS),
        PlatformComponent("pm", {"app.kubernetes.io/component": "oprc-pm"}, "oprc-pm", OAAS_RS),
    )
}
"""Name of a platform → its components."""
