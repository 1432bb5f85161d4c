"""What a service is told by its environment: `OPRC_*` and `ODGM_*`, spelled as upstream's charts spell them.

Telemetry is not here: that is the business of `OTEL_*` alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingError(Exception):
    """A variable that cannot be read; the message names it and says what to write."""


@dataclass(frozen=True)
class Zenoh:
    """How to reach the network. A router listens; everybody else is a client of the peers it is given."""

    peers: tuple[str, ...] = ()
    port: int = 17447
    mode: str = "client"


@dataclass(frozen=True)
class Gateway:
    zenoh: Zenoh
    port: int = 8080
    timeout: float = 5.0
    max_payload: int = 1 << 20
    routes: Mapping[str, str] = field(default_factory=dict)
    """`class/function` → URL of the function."""


@dataclass(frozen=True)
class Function:
    zenoh: Zenoh
    port: int = 8080
    timeout: float = 5.0
    handler: str = "record"


@dataclass(frozen=True)
class Odgm:
    zenoh: Zenoh
    port: int = 8080
    store: str = "odgm.sqlite3"
    collections: tuple[str, ...] = ()


def gateway(environ: Mapping[str, str]) -> Gateway:
    return Gateway(
        zenoh(environ),
        _port(environ, "OPRC_GW_HTTP_PORT", 8080),
        _integer(environ, "OPRC_GW_REQUEST_TIMEOUT_MS", 5000) / 1000,
        _integer(environ, "OPRC_GW_MAX_PAYLOAD_BYTES", 1 << 20),
        _routes(environ),
    )


def function(environ: Mapping[str, str]) -> Function:
    """`PORT` is what Knative sets."""
    handler = environ.get("OPRC_FN_HANDLER") or "record"
    if handler not in ("echo", "record"):
        raise SettingError(f"OPRC_FN_HANDLER is {handler!r}: write echo or record")
    timeout = _integer(environ, "OPRC_FN_REQUEST_TIMEOUT_MS", 5000) / 1000
    return Function(zenoh(environ), _port(environ, "PORT", 8080), timeout, handler)


def odgm(environ: Mapping[str, str]) -> Odgm:
    names = _json(environ, "ODGM_COLLECTION", [])
    if not isinstance(names, list) or not all(isinstance(one, dict) and one.get("name") for one in names):
        raise SettingError('ODGM_COLLECTION is no list of collections: write [{"name": "<class>"}]')
    if not names:
        raise SettingError('ODGM_COLLECTION is missing: write [{"name": "<class>"}], whose objects are kept here')
    return Odgm(
        zenoh(environ),
        _port(environ, "ODGM_HTTP_PORT", 8080),
        environ.get("ODGM_STORE") or "odgm.sqlite3",
        tuple(str(one["name"]) for one in names),
    )


def router(environ: Mapping[str, str]) -> Zenoh:
    found = zenoh(environ)
    return Zenoh(found.peers, found.port, "router")


def zenoh(environ: Mapping[str, str]) -> Zenoh:
    """`OPRC_ZENOH_MODE` may be peer, as upstream's chart says: such a session still connects to its peers only."""
    mode = environ.get("OPRC_ZENOH_MODE") or "client"
    if mode not in ("client", "peer"):
        raise SettingError(f"OPRC_ZENOH_MODE is {mode!r}: write client or peer")
    peers = tuple(peer.strip() for peer in environ.get("OPRC_ZENOH_PEERS", "").split(",") if peer.strip())
    return Zenoh(peers, _port(environ, "OPRC_ZENOH_PORT", 17447), mode)


def _routes(environ: Mapping[str, str]) -> dict[str, str]:
    found = _json(environ, "OPRC_GW_FN_ROUTES", {})
    if not isinstance(found, dict) or not all(
        key.count("/") == 1 and isinstance(url, str) and url.startswith(("http://", "https://"))
        for key, url in found.items()
    ):
        raise SettingError('OPRC_GW_FN_ROUTES is no map of routes: write {"<class>/<function>": "http://<service>"}')
    return found


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit():
        raise SettingError(f"{name} is {text!r}: write a whole number, such as {default}")
    return int(text)


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    found = _integer(environ, name, default)
    if not 0 <= found < 1 << 16:
        raise SettingError(f"{name} is {found}: a port is a number from 1 to 65535, or 0 for one that is free")
    return found


def _json(environ: Mapping[str, str], name: str, default: object) -> object:
    try:
        return json.loads(environ[name]) if environ.get(name) else default
    except (ValueError, RecursionError) as error:
        raise SettingError(f"{name} is no JSON: {error}") from None
