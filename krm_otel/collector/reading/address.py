"""Addresses that a collector binds to, as its config spells them: `[${env:MY_POD_IP}]:4317`, `:9411`, `localhost:0`."""

from __future__ import annotations

from typing import Any, Final, Literal

from krm_otel.collector.reading.references import Reference, split
from krm_otel.config.placement import POD_IP_VARIABLE
from krm_otel.dataclass import dataclass
from krm_otel.regex import regex

Host = Literal["all", "loopback", "pod", "unknown", "other"]
"""Who reaches it: everybody, only the pod, everybody by the pod's address, or nobody knows; `other` is no address of
the pod at all."""

_ALL: Final = ("", "0.0.0.0", "::")
_LOOPBACK: Final = regex(r"localhost|127(\.[0-9]+){3}|::1")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port.

    Args:
        text: as it is written.
        host: who reaches it.
        port: None where it cannot be read.
        ipv4_loopback: whether 127.0.0.1 reaches it, as far as that is known.
    """

    text: str
    host: Host
    port: int | None
    ipv4_loopback: bool = True


def address(value: Any) -> Address:
    """The address that a text in a config stands for."""
    text = str(value)
    parts = split(text)
    # A reference may contain colons itself: it counts as one letter while the port is split off.
    references = [part for part in parts if isinstance(part, Reference)]
    plain = "".join("\0" if isinstance(part, Reference) else part for part in parts)
    written, colon, port = plain.rpartition(":")
    if not colon:
        return Address(text, "other", None)
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65535 else None
    bare = written[1:-1] if written.startswith("[") and written.endswith("]") else written
    if bare == "\0":
        pod = references[0].scheme == "env" and references[0].name == POD_IP_VARIABLE
        return Address(text, "pod" if pod else "unknown", number, not pod)
    if "\0" in bare:
        return Address(text, "unknown", number)
    if bare in _ALL:
        return Address(text, "all", number)
    if _LOOPBACK.fullmatch(bare):
        return Address(text, "loopback", number, bare != "::1")
    return Address(text, "other", number, ipv4_loopback=False)


def joined(host: Any, port: Any) -> Address:
    """The address of a host and a port that are written apart."""
    return address(f"{'' if host is None else host}:{'' if port is None else port}")
