"""The parts of a URL, for most of them without `urllib`.

With the `ipaddress` that it needs, its import takes 15 million instructions, where the whole run of a small package may
take 250.
"""

from __future__ import annotations

from typing import Final, cast

from krm_otel.dataclass import dataclass
from krm_otel.regex import regex

_USUAL: Final = regex(r"(https?)://([A-Za-z0-9.-]+|\$\([A-Za-z0-9_]+\))(?::([0-9]{1,4}))?((?:/[A-Za-z0-9._~-]*)*)")
"""With a host that is a name or a variable, and with neither user nor query: what endpoints are."""


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of a URL, as `urllib` names them."""

    scheme: str
    netloc: str
    hostname: str | None
    port: int | None
    path: str


def url_parts(url: str) -> Url:
    """The parts of a URL.

    Raises:
        ValueError: as `urllib`, here or where the port is read.
    """
    usual = _USUAL.fullmatch(url)
    if usual is None:
        from urllib.parse import urlsplit

        return cast("Url", urlsplit(url))  # it has the same names
    scheme, host, port, path = usual.groups()
    return Url(scheme, f"{host}:{port}" if port else host, host.lower(), int(port) if port else None, path)
