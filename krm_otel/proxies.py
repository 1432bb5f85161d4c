"""The variables that send connections through a proxy, and those that exempt hosts from it.

Source: Go, `golang.org/x/net/http/httpproxy`; gRPC core, `grpc_proxy`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from krm_otel.regex import regex

PROXIES: Final = ("grpc_proxy", "https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
NO_PROXY: Final = ("NO_PROXY", "no_proxy")
_PORT: Final = regex(r"(?<=[^:]):[0-9]+\Z")
_IN_CLUSTER: Final = regex(r"[^.$]+(\.[^.$]+)?(\.svc(\.cluster\.local)?)?\.?")


def bypasses_proxy(host: str, exceptions: Iterable[str]) -> bool:
    """Whether one of the lists in `exceptions`, values of NO_PROXY, exempts a host; the loopback never has a proxy."""
    return is_loopback(host) or any(_covers(entry.strip(), host) for text in exceptions for entry in text.split(","))


def may_exempt_a_node(exceptions: Iterable[str]) -> bool:
    """Whether one of the lists may exempt the address of a node, which only the cluster knows: by a network, or by a
    variable."""
    entries = (entry.strip() for text in exceptions for entry in text.split(","))
    return any(entry == "*" or re.search(r"/\d|\$\(", entry) for entry in entries)


def is_loopback(host: str) -> bool:
    """Whether a host is the container's own pod."""
    if not host[:1].isdigit() and ":" not in host:
        return host == "localhost"
    import ipaddress  # most hosts are names

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_in_cluster(host: str) -> bool:
    """Whether a host looks like the name of a Service: `otel`, `otel.shop`, `otel.shop.svc`."""
    return bool(_IN_CLUSTER.fullmatch(host))


def _covers(entry: str, host: str) -> bool:
    entry = _PORT.sub("", entry)
    suffix = "." + entry.lstrip("*.")
    if entry in ("*", host) or (entry.strip("*.") and host.endswith(suffix)):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
