"""Texts that are credentials: by their name, by their place in a URL, or by their form.

Sources of the forms: the documentation of those who issue them (GitHub, Grafana, Slack, Stripe, New Relic, Dynatrace,
Google, AWS, Azure, Honeycomb and others), RFC 7519 (JWT), RFC 7468 (PEM), RFC 7617 (Basic), RFC 3986 (userinfo).
Rules that look for credentials, such as `ghp_[A-Za-z0-9]{36}` in a processor, are none themselves.
"""

from __future__ import annotations

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
_SECRET_IN_A_TEXT: Final = (
    *("password", "passwd", "pwd", "secret", "token", "privatekey", "apikey"),
    *("accesskey", "accountkey", "instrumentationkey"),
)
"""What the names of such pairs end with, as `letters` has them."""
_LONG: Final = r"\w{6}[\w.~+/=-]*"
_LONGER: Final = r"[A-Za-z0-9]{16}[\w.~+/=-]*"
_PREFIXES: Final = {
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glrt-", "gldt-"), _LONG),
    **dict.fromkeys(("glsa_", "glc_", "xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"), _LONG),
    **dict.fromkeys(("sk_live_", "sk_test_", "rk_live_", "rk_test_", "NRAK-", "NRII-", "NRIQ-", "dckr_pat_"), _LONG),
    **dict.fromkeys(("hcaik_", "hcbik_", "hcxik_", "shpat_", "shpss_"), _LONG),
    **dict.fromkeys(("hf_", "npm_", "pypi-", "dop_v1_", "whsec_", "sntrys_", "sntryu_", "phc_", "phx_"), _LONGER),
    **dict.fromkeys(("cxtp_", "cxup_"), _LONGER),
    **{"dt0": rf"[a-z]\d\d\.{_LONG}", "xapp-": rf"\d-{_LONGER}", "sk-": r"(?:[a-z]+-)*[A-Za-z0-9]{20}[\w-]*"},
    **{"AKIA": r"[0-9A-Z]{16}\b", "ASIA": r"[0-9A-Z]{16}\b", "AIza": r"[\w-]{30,}", "ya29.": r"[\w-]{10,}"},
    **{"SG.": r"[\w-]{16,}\.[\w-]*", "eyJ": r"[\w-]{8,}\.[\w-]{8,}\.[\w-]*"},
}
"""What tokens begin with → what follows."""
_PATHS: Final = {
    "hooks.slack.com/services/": r"\w+/\w+/\w+",
    **dict.fromkeys(("discord.com/api/webhooks/", "discordapp.com/api/webhooks/"), r"\d+/[\w-]+"),
    **{".office.com/webhook": r"(?:b2)?/[\w@/-]+", "hooks.zapier.com/hooks/catch/": r"\w[\w/]*"},
    **{"/receiver/v1/": r"(?:http|otlp)/[\w=+/-]{8,}", "loggly.com/": r"(?:inputs|bulk)/[\w-]{8,}"},
    **{"telegram.org/bot": r"\d+:[\w-]+", "events.pagerduty.com/integration/": r"\w{10,}"},
}
"""The part of a URL before its credential → the credential."""
_FORMS: Final = {
    "PRIVATE KEY-----": regex(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\[rn])*[A-Za-z0-9+/=:-]{3}[^-]*"),
    "NRAL": regex(r"\b[0-9a-f]{36,40}NRAL\b"),
    "Key=": regex(r"\b(?:Account|SharedAccess|Instrumentation|Access)Key=[A-Za-z0-9+/][^;\s]*"),
    **{prefix: regex(rf"\b{re.escape(prefix)}{rest}") for prefix, rest in _PREFIXES.items()},
    **{path: regex(f"{re.escape(path)}{rest}") for path, rest in _PATHS.items()},
}
"""What is in every credential of a form → the form. To compile all of them takes 10 million instructions."""
_SCHEMES: Final = ("bearer", "apikey", "api-token", "splunk", "token", "basic")
_SCHEME: Final = regex(rf"(?:\A|[:=,\"'])\s*({'|'.join(_SCHEMES)}) +([\w.~+/=-]{{4,}})(?=[\"']|[\s,;]*\Z)", re.I)
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
    for mark, form in _FORMS.items():
        if mark in text:
            yield from (match.span() for match in form.finditer(text))
    if " " in text and _has_any(_SCHEMES, text.lower()):
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
    import base64  # few texts need it
    import binascii

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
    for match in _PARAMETER.finditer(text) if "=" in text else ():
        name, value = match["name"], match["value"]
        is_secret = is_secret_name(name) or ("://" in text and name.lower() in _SECRET_PARAMETERS)
        if is_secret and not is_reference(value) and value[:1] not in "([\\.*":
            yield match.span("value")
    for match in _WRITTEN_PAIR.finditer(text) if _has_any(_SECRET_IN_A_TEXT, letters(text)) else ():
        name, value = match["left"] or match["name"], match["value"]
        if letters(name).endswith(_SECRET_IN_A_TEXT) and is_secret_name(name) and not _is_harmless(name, value):
            yield match.span("value")


def _has_any(words: tuple[str, ...], text: str) -> bool:
    """Whether it can be worth while to look closer, which costs much more."""
    return any(word in text for word in words)
