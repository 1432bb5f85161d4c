"""OTLP endpoints, and the names of backends and headers: URLs that every SDK reads alike, and the protocol for them.

Facts behind the rules (source: the OTLP exporter specification, "Endpoint URLs for OTLP/HTTP"): SDKs append
`/v1/<signal>` to the general HTTP endpoint and use the endpoint of a single signal as it is; gRPC has no paths; by
convention 4317 is gRPC and 4318 HTTP, and a client that speaks the other protocol on these ports only gets errors.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from krm_otel.config.types.finding import Finding, fault, write
from krm_otel.config.types.text import matching
from krm_otel.credential import is_credential, masked
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.rule import Rule
from krm_otel.diagnostics.rules import destinations as rules
from krm_otel.diagnostics.rules import fields as field_rules
from krm_otel.otlp import Protocol, port_protocol, url_parts
from krm_otel.regex import regex

_LONGEST: Final = 2048
"""What browsers and proxies take; a longer text is no address, and costs time to read."""
_SCHEME: Final = regex(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECURE: Final = frozenset(("https", "grpcs", "tls", "ssl", "otlps"))
_HOST_LABEL: Final = regex(r"[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_PATH: Final = regex(r"[A-Za-z0-9._~!$&'()*+,;=:%/-]*")
_SIGNAL_PATH: Final = regex(r"/v1/(traces|metrics|logs)\Z")
_QUERY: Final = regex(r"[?#]")
_VARIABLE: Final = regex(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_OTHER_VARIABLE: Final = regex(r"\$\{(?:env:)?(\w+)\}|\$([A-Za-z_]\w*)|%\{(\w+)\}")
"""The spellings of a variable in a shell, in a collector's config and in other tools."""
_SERVICE_HOST: Final = regex(r"\w+_SERVICE_HOST")
_NODE_ADDRESS: Final = regex(r"(\w+_)?(HOST|NODE)_?IP", re.I)
_TOKEN_IN_PATH: Final = "write ${env:NAME} as an endpoint in collector.config, and collector.env.NAME with its Secret"
_SECRET: Final = "leave it out, and write headers with a Secret instead"
_WRONG_PORT: Final = "must be a URL with a port from 1 to 65535"
_EXAMPLE: Final = "http://collector:4317"
NODE_ADDRESS: Final = "$(HOST_IP)"
"""The host of an endpoint that is the address of the node."""

header_name = matching(
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+",
    field_rules.HEADER_NAME,
    "must have a header's name as its key: letters, digits and - as in X-Scope-OrgID",
)
header_text = matching(
    r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?",
    field_rules.HEADER_VALUE,
    "must be printable ASCII, as values of headers are",
)
backend_name = matching(
    r"[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?",  # no `:` and `/`, so that it is never taken for an endpoint
    rules.BACKEND_NAME,
    "must have a name of letters, digits, -, _ and . as its key",
)


def redact(text: str) -> str:
    """A text in which `***` replaces what may be a secret: userinfo, query and fragment of a URL, and known forms.

    User name and password end at the last `@`: passwords may contain a `/`.
    """
    if "://" not in text:
        return masked(text)
    scheme, _, rest = text.partition("://")
    _, at_sign, host = rest.rpartition("@")
    rest = f"***@{host}" if at_sign else rest
    return masked(f"{scheme}://" + re.sub(r"([?#]).*", r"\1***", rest, flags=re.DOTALL))


def redact_endpoint(text: str) -> str:
    """As `redact`, also where the scheme is missing (`user:password@host:4317`)."""
    return redact(text) if "://" in text else redact("x://" + text)[4:]


def is_endpoint(text: str) -> bool:
    """Whether an exporter is meant as an endpoint, not as the name of a backend."""
    return ":" in text or "/" in text or "@" in text


def host_variable(url: str) -> str | None:
    """The variable that is the host of an endpoint, as in `http://$(HOST_IP):4317`; None for another host."""
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    match = _VARIABLE.fullmatch(host) if "$" in host else None
    return match[1] if match else None


def is_node_address(variable: str) -> bool:
    """Whether a variable is meant to have the address of the node: `HOST_IP`, `NODE_IP`, `K8S_NODE_IP`."""
    return bool(_NODE_ADDRESS.fullmatch(variable))


def is_service_address(variable: str) -> bool:
    """Whether a variable is one that the kubelet sets for a Service of the namespace: `<SERVICE>_SERVICE_HOST`."""
    return bool(_SERVICE_HOST.fullmatch(variable))


def exporter(value: str) -> str:
    """An endpoint, or the name of a backend."""
    return endpoint(value) if is_endpoint(value) else backend_name(value)


def exporters(value: tuple[str, ...]) -> tuple[str, ...]:
    """Exporters without duplicates; at least one."""
    if not value:
        fix = "write an endpoint or a backend's name, or leave the field out"
        raise fault(field_rules.EMPTY, "must not be empty", fix=fix)
    return tuple(dict.fromkeys(value))


def endpoint(value: str) -> str:
    """An endpoint without trailing slashes. What depends on the protocol is not checked.

    Raises:
        Faulty: with a finding that says what to write.
    """
    if len(value) > _LONGEST:
        raise fault(rules.ENDPOINT_INVALID, f"must be a URL of at most {_LONGEST} characters", fix=write(_EXAMPLE))
    wrong = _wrong(value)
    if wrong is None:
        return value.rstrip("/")
    # A proposal must not lead from one error to the next.
    proposed = wrong.better if is_valid(wrong.better) else None
    raise fault(wrong.rule, wrong.text, fix=wrong.fix or write(proposed or wrong.example), proposed=proposed)


def is_valid(text: str) -> bool:
    """Whether a text is an endpoint as users may write it here."""
    return _wrong(text) is None


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What is wrong with an endpoint; `better` may be wrong, too, and then there is the example, if any."""

    text: str
    better: str = ""
    example: str = ""
    fix: str = ""
    rule: Rule = rules.ENDPOINT_INVALID


def _wrong(value: str) -> _Wrong | None:
    if "@" in value:  # anywhere, since a password may contain a `/`; in a path, %40 stands for it
        scheme = _SCHEME.match(value)
        better = _QUERY.split((scheme[0] if scheme else "http://") + value.rpartition("@")[2])[0]
        return _Wrong("contains a user name or password", better, fix=_SECRET, rule=rules.ENDPOINT_CREDENTIALS)
    if wrong := _wrong_variable(value):
        return wrong
    if (" " in value or not value.isprintable()) and re.search(r"[\s\x00-\x1f\x7f]", value):
        # White space between letters has no likely correction.
        return _Wrong("must be a URL without white space", _without_space_at_marks(value))
    return _wrong_part(value) if value.startswith(("http://", "https://")) else _wrong_scheme(value)


def _wrong_scheme(value: str) -> _Wrong:
    if scheme := _SCHEME.match(value):
        better = ("https://" if scheme[1].lower() in _SECURE else "http://") + value[scheme.end() :]
    else:
        better = f"http://{value.lstrip('/')}" if is_endpoint(value) else f"http://{value}:4317"
    text = "must be a URL that starts with http:// or https://"
    return _Wrong(text, better if value else "", "" if scheme else _EXAMPLE)


def _without_space_at_marks(value: str) -> str:
    """The text without white space at its ends and around `:` and `/`."""
    text = " ".join(value.split())
    for mark in ":/":
        text = mark.join(part.strip() for part in text.split(mark))
    return text


def _wrong_variable(value: str) -> _Wrong | None:
    """A variable that is not `$(NAME)`, or that is not the whole host."""
    authority = value.partition("://")[2].partition("/")[0]
    if "$" not in authority and "%" not in authority:
        return None
    if other := _OTHER_VARIABLE.search(authority):
        better = value.replace(other[0], f"$({other[1] or other[2] or other[3]})")
        return _Wrong("must be a URL whose variable is $(NAME), as the kubelet expands it", better)
    if re.search(r"\[\$\(\w+\)\]", authority):
        text = "must be a URL without brackets around a variable, which clients refuse around an IPv4 address"
        return _Wrong(text, fix="write the name of a Service, or leave the brackets out")
    if port := re.search(r":\$\(\w+\)\Z", authority):
        return _Wrong(_WRONG_PORT, value.replace(port[0], ":4317", 1))
    return None


def _wrong_part(value: str) -> _Wrong | None:
    """What is wrong with a part of a URL of HTTP."""
    try:
        url = url_parts(value)
        port = url.port
    except ValueError:
        return _Wrong(_WRONG_PORT, example=_EXAMPLE)
    if "?" in value or "#" in value:
        better = _QUERY.split(value)[0]
        if is_credential("", value):
            return _Wrong("contains a credential in its query", better, fix=_SECRET, rule=rules.ENDPOINT_CREDENTIALS)
        return _Wrong("must be a URL without query and fragment", better)
    if port == 0 or url.netloc.endswith(":"):
        return _Wrong(_WRONG_PORT, example=_EXAMPLE)
    if not _has_valid_host(url.netloc):
        return _Wrong("must be a URL whose host is a DNS name, an IPv4 address, [an IPv6 address] or $(HOST_IP)")
    if url.path and not _PATH.fullmatch(url.path):
        return _Wrong("must be a URL whose path has no unescaped characters")
    if is_credential("", value):  # as in the webhooks of some vendors
        return _Wrong("contains a token in its path", fix=_TOKEN_IN_PATH, rule=rules.ENDPOINT_CREDENTIALS)
    return None


def _has_valid_host(host: str) -> bool:
    if host.startswith("["):
        address, bracket, rest = host[1:].partition("]")
        is_complete = bool(bracket) and "%" not in address and (not rest or rest.startswith(":"))
        return is_complete and _is_address(address, 6)
    if host.startswith("$") and _VARIABLE.fullmatch(host.partition(":")[0]):
        return True
    labels = host.partition(":")[0].removesuffix(".").split(".")
    if host.count(":") > 1 or sum(len(label) + 1 for label in labels) > 254:
        return False
    if labels[-1].isdigit():
        return _is_address(host.partition(":")[0], 4)
    return all(map(_HOST_LABEL.fullmatch, labels))


def _is_address(text: str, version: Literal[4, 6]) -> bool:
    import ipaddress  # most hosts are names

    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


# --- what depends on the protocol -------------------------------------------------------------------------


def path_finding(url: str, protocol: Protocol, base: bool) -> Finding | None:
    """What is wrong with an endpoint's path: gRPC has none, and a base does not have `/v1/<signal>` yet."""
    path = url_parts(url).path
    if path and protocol == "grpc":
        better = url[: -len(path)]
        fix = f"write {better}" + (", or set telemetry.protocol to http" if port_protocol(url) is None else "")
        return Finding(rules.ENDPOINT_PATH, f"has the path {path}, which gRPC does not support", fix, better)
    if base and path and (match := _SIGNAL_PATH.search(path)):
        better = url[: -len(match[0])]
        return Finding(
            rules.ENDPOINT_PATH, f"ends with {match[0]}, which SDKs append themselves", write(better), better
        )
    return None


def signal_endpoint(url: str, signal: str, protocol: Protocol, base: bool) -> str:
    """The URL for one signal, which an SDK uses as it is.

    `base`: the URL is an OTLP base, as a backend's is, so that `/v1/<signal>` follows its path; otherwise that follows
    only where the URL has no path at all.
    """
    path = url_parts(url).path
    if protocol == "grpc" or (path and not base):
        return url
    return f"{url}/v1/{signal}"


def endpoint_of_signal(url: str, signal: str) -> str:
    """What the HTTP endpoint of one signal usually is: one that ends in `/v1/<signal>`. Another one stays as it is in
    use, since some backends have paths of their own."""
    path = url_parts(url).path
    if path.rstrip("/").endswith(f"/v1/{signal}"):
        return url
    return _SIGNAL_PATH.sub("", url.rstrip("/")) + f"/v1/{signal}"
