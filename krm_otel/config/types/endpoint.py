"""OTLP endpoints: are they URLs that every SDK reads alike, and which protocol goes with them.

Facts behind the rules (sources: the OTLP exporter specification, "Endpoint URLs for OTLP/HTTP"): SDKs append
`/v1/<signal>` to the general HTTP endpoint and use one for a single signal as it is; gRPC has no paths; by
convention 4317 is gRPC and 4318 HTTP, and a client that speaks the other one there only gets errors.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from krm_otel.config.types.finding import Finding, fault
from krm_otel.diagnostics.rules import destinations as destinations_rules
from krm_otel.otlp import Protocol, port_protocol

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECURE: Final = frozenset(("https", "grpcs", "tls", "ssl", "otlps"))
_LABEL: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?\Z")
_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:%/-]*\Z")
_SIGNAL_PATH: Final = re.compile(r"/v1/(traces|metrics|logs)\Z")


def redact(text: str) -> str:
    """A text without what may be a secret in a URL: userinfo, query and fragment become `***`.

    A user's name and password are cut at the last `@`: passwords may hold a `/`.
    """
    if "://" not in text:
        return text
    scheme, _, rest = text.partition("://")
    _, at, host = rest.rpartition("@")
    rest = f"***@{host}" if at else rest
    return f"{scheme}://" + re.sub(r"([?#]).*", r"\1***", rest, flags=re.DOTALL)


def redact_endpoint(text: str) -> str:
    """As `redact`, also where the scheme is missing (`user:password@host:4317`)."""
    return redact(text) if "://" in text else redact("x://" + text)[4:]


def is_endpoint(text: str) -> bool:
    """Whether an exporter is meant as an endpoint, not as the name of a backend."""
    return ":" in text or "/" in text or "@" in text


def endpoint(value: str) -> str:
    """An endpoint, checked, without a trailing slash; what depends on the protocol is not looked at here.

    Raises:
        PydanticCustomError: a finding that says what to write.
    """
    if "@" in value:
        # Anywhere: a password may hold a `/`. Whoever needs one in a path writes %40.
        scheme = found[0] if (found := _SCHEME.match(value)) else "http://"
        better = re.split(r"[?#]", scheme + value.rpartition("@")[2])[0]
        text = "contains a user name or password: leave it out, and write headers with a Secret instead"
        raise fault(destinations_rules.ENDPOINT_CREDENTIALS, text, proposed=better if _accepted(better) else None)
    if re.search(r"[\s\x00-\x1f\x7f]", value):
        better = re.sub(r"\s*([:/])\s*", r"\1", value.strip())  # between letters, nobody knows what was meant
        proposed = better if _accepted(better) else None
        raise _invalid("must be a URL without white space", proposed)
    found = _SCHEME.match(value)
    if not found:
        better = f"http://{value.lstrip('/')}" if is_endpoint(value) else f"http://{value}:4317"
        proposed = better if value and _accepted(better) else None
        raise _invalid("must be a URL that starts with http:// or https://", proposed, "http://collector:4317")
    if found[1] not in ("http", "https"):
        better = ("https://" if found[1].lower() in _SECURE else "http://") + value[found.end() :]
        raise _invalid("must be a URL that starts with http:// or https://", better if _accepted(better) else None)
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise _invalid("must be a URL with a port from 1 to 65535", None, "http://collector:4317") from None
    if "?" in value or "#" in value:
        better = re.split(r"[?#]", value)[0]
        raise _invalid("must be a URL without query and fragment", better if _accepted(better) else None)
    if port == 0 or url.netloc.endswith(":"):
        raise _invalid("must be a URL with a port from 1 to 65535", None, "http://collector:4317")
    if not _host(url):
        raise _invalid("must be a URL whose host is a DNS name, an IPv4 address or [an IPv6 address]", None)
    if not _PATH.match(url.path):
        raise _invalid("must be a URL whose path has no unescaped characters", None)
    return value.rstrip("/")


def _invalid(text: str, proposed: str | None, example: str = "") -> Exception:
    write = proposed or example
    return fault(destinations_rules.ENDPOINT_INVALID, text + (f": write {write}" if write else ""), proposed=proposed)


def _accepted(value: str) -> bool:
    """Whether a proposal is itself right; nobody is sent from one error into the next."""
    try:
        endpoint(value)
    except Exception:
        return False
    return True


def _host(url: SplitResult) -> bool:
    host = url.netloc
    if host.startswith("["):
        address, bracket, rest = host[1:].partition("]")
        try:
            ipaddress.IPv6Address(address)
        except ValueError:
            return False
        return bool(bracket) and "%" not in address and (not rest or rest.startswith(":"))
    labels = host.partition(":")[0].removesuffix(".").split(".")
    if host.count(":") > 1 or sum(len(label) + 1 for label in labels) > 254:
        return False
    if labels[-1].isdigit():
        try:
            ipaddress.IPv4Address(host.partition(":")[0])
        except ValueError:
            return False
        return True
    return all(_LABEL.match(label) for label in labels)


# --- what depends on the protocol -------------------------------------------------------------------------


def path_finding(url: str, protocol: Protocol, base: bool) -> Finding | None:
    """What is wrong with an endpoint's path: gRPC has none, and a base has no `/v1/<signal>` yet."""
    path = urlsplit(url).path
    if path and protocol == "grpc":
        write = f"write {url[: -len(path)]}"
        if port_protocol(url) is None:
            write += ", or set telemetry.protocol to http"
        return Finding(
            destinations_rules.ENDPOINT_PATH,
            f"has the path {path}, which gRPC does not know: {write}",
            proposed=url[: -len(path)],
        )
    if base and (found := _SIGNAL_PATH.search(path)):
        better = url[: -len(found[0])]
        text = f"ends with {found[0]}, which SDKs append themselves: write {better}"
        return Finding(destinations_rules.ENDPOINT_PATH, text, proposed=better)
    return None


def signal_endpoint(url: str, signal: str, protocol: Protocol, base: bool) -> str:
    """The URL that an SDK is given for one signal, which it uses as it is.

    `base`: the URL is an OTLP base, as a backend's is, so that `/v1/<signal>` follows its path; else only
    where it has no path at all.
    """
    path = urlsplit(url).path
    if protocol == "grpc" or (path and not base):
        return url
    return f"{url}/v1/{signal}"
