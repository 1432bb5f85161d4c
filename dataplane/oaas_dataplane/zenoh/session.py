"""Sessions: a router listens, all others connect to the peers they are given, and to nobody else."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping

import zenoh

from oaas_dataplane.settings import SettingError, Zenoh

_logger = logging.getLogger(__name__)
PATIENCE = 60.0
"""Seconds that a service waits for its router at start; Kubernetes starts it again after that."""


def connect(settings: Zenoh, patience: float = PATIENCE) -> zenoh.Session:
    """A session that is connected. Once it is, Zenoh itself comes back to a router that was away.

    Raises:
        SettingError: no peer is given, one is no address, or none answers.
    """
    if not settings.peers:
        raise SettingError("OPRC_ZENOH_PEERS is missing: write the router's address, such as tcp/oaas-router:17447")
    values = {
        "mode": settings.mode,
        "connect/endpoints": settings.peers,
        "connect/timeout_ms": 1000,
        "connect/exit_on_failure": True,
        "listen/endpoints": [],
        "scouting/multicast/enabled": False,
        "scouting/gossip/enabled": False,
    }
    try:
        config = _config(values)
    except zenoh.ZError:
        wrong = ", ".join(settings.peers)
        raise SettingError(f"OPRC_ZENOH_PEERS is {wrong!r}: write addresses such as tcp/oaas-router:17447") from None
    deadline = time.monotonic() + patience
    while True:
        try:
            return zenoh.open(config)
        except zenoh.ZError as error:
            if time.monotonic() > deadline:
                message = f"OPRC_ZENOH_PEERS: nobody answers at {', '.join(settings.peers)}"
                raise SettingError(f"{message} ({str(error).splitlines()[0]})") from None
            _logger.warning("waiting for %s", ", ".join(settings.peers))
            time.sleep(0.5)


def listen(settings: Zenoh, host: str = "[::]") -> zenoh.Session:
    """A router; other routers are its peers.

    Raises:
        SettingError: it cannot listen there.
    """
    values = {
        "mode": "router",
        "listen/endpoints": [f"tcp/{host}:{settings.port}"],
        "connect/endpoints": settings.peers,
        "connect/exit_on_failure": False,
        "scouting/multicast/enabled": False,
        "adminspace/enabled": True,  # where it says who is connected to it
    }
    try:
        return zenoh.open(_config(values))
    except zenoh.ZError as error:
        message = f"no router on OPRC_ZENOH_PORT {settings.port}, with OPRC_ZENOH_PEERS {','.join(settings.peers)!r}"
        raise SettingError(f"{message}: {str(error).splitlines()[0]}") from None


def _config(values: Mapping[str, object]) -> zenoh.Config:
    config = zenoh.Config()
    for key, value in values.items():
        config.insert_json5(key, json.dumps(value))
    return config
