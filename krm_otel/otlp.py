"""OTLP and the SDKs' environment: facts of OpenTelemetry that do not depend on krm-otel.

Sources: OpenTelemetry specification, `protocol/exporter.md` (ports, endpoints),
`configuration/sdk-environment-variables.md` (variables and their values) and `resource/sdk.md` (`,` and `=` in
attributes must be encoded, other characters may be; some SDKs do not decode, so nothing is encoded without need).

What SDKs do with a value, read in their sources: those for Go (`url.PathUnescape`), Python (`unquote`) and JavaScript
(`decodeURIComponent`) decode `%2B` and keep a `+`. PHP (`urldecode`) and older ones for Java (`URLDecoder`,
opentelemetry-java#8030) read a `+` as a blank. Rust, C++ and older ones for .NET decode nothing, and Rust and .NET skip
a pair with a second `=`. JavaScript's `EnvDetector` (`@opentelemetry/resources` 2.12.1, run) throws at a part without
exactly one `=`, at a `%` that encodes nothing, and at more than 255 characters after decoding, so that the whole
variable is lost; older ones count them before decoding, take baggage octets only, and remove quotes at the ends.
So all that decode read `%2B` alike. Most decode no keys.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, cast

from krm_otel.dataclass import dataclass
from krm_otel.regex import regex

Protocol = Literal["grpc", "http"]
SamplingStage = Literal["sdk", "collector", "both"]
"""Who samples traces by the rate."""

SIGNALS: Final = ("traces", "metrics", "logs")
PORTS: Final[dict[Protocol, int]] = {"grpc": 4317, "http": 4318}
"""The port that a protocol has by convention."""

RATIO: Final = "parentbased_traceidratio"
SAMPLERS: Final[dict[SamplingStage, str]] = {"sdk": RATIO, "collector": "parentbased_always_on", "both": RATIO}
"""Who samples → OTEL_TRACES_SAMPLER."""
PROTOCOLS: Final[dict[Protocol, str]] = {"grpc": "grpc", "http": "http/protobuf"}
"""Protocol → OTEL_EXPORTER_OTLP_PROTOCOL."""

# Not kept: `$`, which the kubelet expands, `%`, what W3C Baggage encodes, and `+`. `(`, `)` and the like stay readable,
# since every SDK reads them in the same way.
_KEEP: Final = "!#&'()*-./:<>?@[]^_`{|}~"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_PLAIN: Final = _KEEP + _LETTERS + _LETTERS.upper() + "0123456789"
_USUAL_URL: Final = regex(r"(https?)://([A-Za-z0-9.-]+|\$\([A-Za-z0-9_]+\))(?::([0-9]{1,4}))?(/[A-Za-z0-9._~/-]*|)")
"""With a host that is a name or a variable, and with neither user nor query: what endpoints are."""
LONGEST_ATTRIBUTE: Final = 255
"""Characters of an encoded key or value that every SDK takes."""


@lru_cache(maxsize=4096)  # most values are those of a class, and the same in each of its workloads
def encode(text: str) -> str:
    """One value of OTEL_RESOURCE_ATTRIBUTES."""
    return _quoted(text, _KEEP)


@lru_cache(maxsize=4096)
def encode_key(text: str) -> str:
    """One key of OTEL_RESOURCE_ATTRIBUTES; nobody reads its `+` as a blank, and most SDKs do not decode it."""
    return _quoted(text, _KEEP + "+")


def _quoted(text: str, keep: str) -> str:
    if not text.strip(_PLAIN):
        return text
    from urllib.parse import quote  # few texts need it

    return quote(text, safe=keep)


def decimal(value: float) -> str:
    """A number as SDKs of every language read it: no exponent, no rounding noise."""
    text = f"{value:.15f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


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
    usual = _USUAL_URL.fullmatch(url)
    if usual is None:
        from urllib.parse import urlsplit  # with ipaddress 15 million instructions, of 250 for a small package

        return cast("Url", urlsplit(url))  # it has the same names
    scheme, host, port, path = usual.groups()
    return Url(scheme, f"{host}:{port}" if port else host, host.lower(), int(port) if port else None, path)


def port_protocol(url: str) -> Protocol | None:
    """The protocol of an endpoint's port by convention; None for another port, or without one."""
    port = url_parts(url).port
    return next((protocol for protocol, number in PORTS.items() if number == port), None)


def with_port(url: str, protocol: Protocol) -> str:
    """An endpoint with its port. gRPC clients disagree about one that is not written: SDKs dial 443 or 80, and people
    mean 4317; with TLS the port of HTTPS is what all of them dial."""
    parts = url_parts(url)
    if protocol != "grpc" or parts.port is not None:
        return url
    port = 443 if parts.scheme == "https" else PORTS["grpc"]
    end = url.index("://") + len("://") + len(parts.netloc)
    return f"{url[:end]}:{port}{url[end:]}"


def exporter_variable(signal: str) -> str:
    """`traces` → `OTEL_TRACES_EXPORTER`."""
    return f"OTEL_{signal.upper()}_EXPORTER"


def signal_variable(variable: str, signal: str) -> str:
    """`OTEL_EXPORTER_OTLP_ENDPOINT`, `traces` → `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`."""
    return variable.replace("OTEL_EXPORTER_OTLP_", f"OTEL_EXPORTER_OTLP_{signal.upper()}_", 1)
