"""Texts that are credentials: by their name, by their place in a URL, or by their form.

Sources of the forms: the documentation of those who issue them (GitHub, Grafana, Slack, Stripe, New Relic, Dynatrace,
Google, AWS, Azure, Honeycomb and others), RFC 7519 (JWT), RFC 7468 (PEM), RFC 7617 (Basic), RFC 3986 (userinfo).
Rules that look for credentials, such as `ghp_[A-Za-z0-9]{36}` in a processor, are none themselves.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from krm_otel.credential.names import is_secret_name, last_word, letters
from krm_otel.regex import regex

_MARK: Final = "\x01"
"""It stands for a reference."""
_REFERENCE: Final = regex(
    r"(?<!\$)((?:\$\$)*)(?:\$\{(?!yaml:)(?:[A-Za-z][A-Za-z0-9+.-]*:)?[^${}:]*(?::-(?P<default>[^${}]*))?[^${}]*\}"
    r"|\$\([A-Za-z_][A-Za-z0-9_]*\))"
)
"""A reference, which no odd `$` before it escapes. `${yaml:text}` is the text itself."""
_PLACEHOLDER: Final = regex(
    r"[\s\"']*([*xX._•-]*|<[^<>]*>|\[[^\[\]]*\]|\{\{.*\}\}|(your|insert|replace)[-_ ].*|replaceme|todo|placeholder"
    r"|(redact|mask|remov|hidd|filter|scrub|sanitiz|obfuscat|omitt|dropp?|delet|anonymi[sz]|block|strip|hash)(ed|en)"
    r"|true|false|none|null|nil|off|disabled|optional|required|anonymous)[\s\"']*",
    re.I,
)
"""Nothing, and what stands for something that is left out."""
_PATH: Final = regex(r"(/[a-z0-9_.-]+){2,}/?")
"""A file with the credential, as in GOOGLE_APPLICATION_CREDENTIALS."""
_AROUND_REFERENCES: Final = regex(rf"\s*([A-Za-z][\w.@-]*[ =:_-]?\s*)?{_MARK}([\W_]*{_MARK})*[\W_]*")
"""A word that says what follows (`Bearer `, `Api-Token `, the user before a password), then references."""
_WRITTEN_PAIR: Final = regex(
    r"(?:(?:\A|[\s;,&?{(\"'-])(?P<left>[A-Za-z][\w.-]{0,60})="
    r"|(?:\A|[\n{,])[ \t-]*[\"']?(?P<name>[A-Za-z][\w.-]{0,60})[\"']?\s*:\s*)"
    r"[\"']?(?P<value>[A-Za-z0-9/+~][^\s;,&\"'<>)\]{}]*)"
)
"""`password=x` in a connection string, `password: x` and `"password":"x"` in a text that is YAML or JSON itself."""
_SECRET_IN_A_TEXT: Final = regex(
    r"(password|passwd|pwd|secret|token|privatekey|apikey|(access|account|instrumentation)key)\Z"
)
_FORMS: Final = regex(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\[rn])*[A-Za-z0-9+/=:-]{3}[^-]*"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(?:gh[pousr]_|github_pat_|gl(?:pat|rt|dt)-|gl(?:sa|c)_|xox[abeoprs]-|[sr]k_(?:live|test)_|NRAK-|NRI[IQ]-"
    r"|dt0[a-z]\d\d\.|dckr_pat_|hc[abx]ik_|shp(?:at|ss)_)\w{6}[\w.~+/=-]*"
    r"|\b(?:hf_|npm_|pypi-|xapp-\d-|dop_v1_|whsec_|sntry[su]_|ph[cx]_|cx[tu]p_)[A-Za-z0-9]{16}[\w.~+/=-]*"
    r"|\b[0-9a-f]{36,40}NRAL\b"
    r"|\bSG\.[\w-]{16,}\.[\w-]*|\bAIza[\w-]{30,}|\bya29\.[\w-]{10,}|\bsk-(?:[a-z]+-)*[A-Za-z0-9]{20}[\w-]*"
    r"|\b(?:Account|SharedAccess|Instrumentation|Access)Key=[A-Za-z0-9+/][^;\s]*"
    r"|hooks\.slack\.com/services/\w+/\w+/\w+|discord(?:app)?\.com/api/webhooks/\d+/[\w-]+"
    r"|\.office\.com/webhook(?:b2)?/[\w@/-]+|hooks\.zapier\.com/hooks/catch/\w[\w/]*"
    r"|/receiver/v1/(?:http|otlp)/[\w=+/-]{8,}|loggly\.com/(?:inputs|bulk)/[\w-]{8,}|telegram\.org/bot\d+:[\w-]+"
    r"|events\.pagerduty\.com/integration/\w{10,}"
)
_SCHEME: Final = regex(
    r"(?:\A|[:=,\"'])\s*(Bearer|ApiKey|Api-Token|Splunk|Token|Basic) +([\w.~+/=-]{4,})(?=[\"']|[\s,;]*\Z)", re.I
)
_NO_TOKEN: Final = regex(r"(token|tokens|auth|authentication|authorization|scheme|plan|tier)\Z", re.I)
_USERINFO: Final = regex(r"\b(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://(?P<info>[^\s/?#\"'<>]*)@")
_SLASH_IN_PASSWORD: Final = regex(rf"://[^\s@/{_MARK}]+:[^\s@/]*[^\s@/0-9{_MARK}][^\s@]*@")
_BARE_USERINFO: Final = regex(r"\A(?!mailto:)[\w.%+-]+:(?P<password>[^\s/@:]+)@(?!sha256:)[\w.(\[-]")
"""`user:password@host` without a scheme, as in a MySQL data source."""
_USER_AND_PASSWORD: Final = regex(rf"[^\s:{_MARK}]+:(?!//)[^\s{_MARK}]+")
_EXPRESSION: Final = regex(r"[\[\](){}\\^|<>]")
_PARAMETER: Final = regex(r"[?&#](?P<name>[\w.~%\[\]-]+)=(?P<value>[^&\s#\"'<>]+)")
_SECRET_PARAMETERS: Final = frozenset(("sig", "key", "auth", "code"))


def is_secret_text(name: str, value: str) -> bool:
    """Whether a value under a name is a credential, by its name or its form."""
    text = _marked(value)
    if is_secret_name(name) and not _is_harmless(name, text):
        return True
    if last_word(name) == "auth" and _USER_AND_PASSWORD.fullmatch(text):
        return True
    return any(True for _ in _spans(text))


def is_reference(value: str) -> bool:
    """Whether nothing of a credential is written out: there are references only, or nothing, or a placeholder."""
    text = _marked(value)
    return _is_placeholder(text) or bool(_AROUND_REFERENCES.fullmatch(text))


def is_parameter_credential(name: str, value: str) -> bool:
    """Whether a parameter of a URL is a credential."""
    return is_secret_text(name, value) or (name.lower() in _SECRET_PARAMETERS and not is_reference(value))


def masked(value: str) -> str:
    """A text with `***` in the place of what is a credential by its form or its place in a URL."""
    parts, done = [], 0
    for start, end in sorted(_spans(value)):
        if start >= done:
            parts += [value[done:start], "***"]
        done = max(done, end)
    return "".join((*parts, value[done:]))


def _is_harmless(name: str, text: str) -> bool:
    """Whether a value with the name of a credential is none."""
    if name.lower().endswith("community") and text == "public":  # what SNMP agents have by default
        return True
    return is_reference(text) or bool(_PATH.fullmatch(text))


def _is_placeholder(text: str) -> bool:
    return bool(_PLACEHOLDER.fullmatch(text.replace(_MARK, "")))


def _marked(value: str) -> str:
    """A text with a mark for each reference; a default in one stays."""
    if "$" not in value:
        return value
    while True:  # the innermost reference first
        text = _REFERENCE.sub(lambda match: match[1] + (match["default"] or _MARK), value)
        if text == value:
            return text.replace("${yaml:", " ")
        value = text


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where credentials are in a text; most texts have none, and are short."""
    for match in _FORMS.finditer(text):
        yield match.span()
    if " " in text:
        for match in _SCHEME.finditer(text):
            if _is_token(match[1], match[2]):
                yield match.span(2)
    if "@" in text:
        yield from _userinfo(text)
    if "=" in text or ":" in text:
        yield from _pairs(text)


def _is_token(scheme: str, text: str) -> bool:
    """Whether the word after `Bearer` or `Basic` is a token, not a word of a sentence."""
    if scheme.lower() == "token" and not re.search(r"\d|\S{16}", text):
        return False
    if scheme.lower() != "basic":
        return not _NO_TOKEN.match(text) and not _is_placeholder(text)
    try:
        return b":" in base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def _userinfo(text: str) -> Iterator[tuple[int, int]]:
    for match in _USERINFO.finditer(text):
        user, colon, password = match["info"].rpartition("@")[2].partition(":")
        written = password if colon else user if match["scheme"].lower() in ("http", "https") else ""
        if written.strip(_MARK) and not _is_placeholder(written) and not _EXPRESSION.search(match["info"]):
            yield match.span("info")
    slash = _SLASH_IN_PASSWORD.search(text)
    if slash and not _EXPRESSION.search(slash[0]):
        yield slash.start() + 3, slash.end() - 1
    bare = _BARE_USERINFO.match(text)
    if bare and not _is_placeholder(bare["password"]) and not _EXPRESSION.search(bare["password"]):
        yield 0, bare.end("password")


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    """Parameters of URLs, and pairs of names and values in connection strings and in YAML and JSON."""
    for match in _PARAMETER.finditer(text):
        name, value = match["name"], match["value"]
        is_secret = is_secret_name(name) or ("://" in text and name.lower() in _SECRET_PARAMETERS)
        if is_secret and not is_reference(value) and value[:1] not in "([\\.*":
            yield match.span("value")
    for match in _WRITTEN_PAIR.finditer(text):
        name, value = match["left"] or match["name"], match["value"]
        if _SECRET_IN_A_TEXT.search(letters(name)) and is_secret_name(name) and not _is_harmless(name, value):
            yield match.span("value")
