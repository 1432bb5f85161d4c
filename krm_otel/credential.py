"""Whether a text is a credential: by the name it has, by the header it is for, by its place in a URL, or by its form.

It decides about what would otherwise be written into a ConfigMap or into a manifest. References (`${env:NAME}`,
`$(NAME)`) are no credentials, but the default in one (`${env:NAME:-text}`) is a text like any other.

Sources of the forms: the documentation of those who issue them (GitHub, Grafana, Slack, Stripe, New Relic, Dynatrace,
Google, AWS), RFC 7519 (JWT), RFC 7468 (PEM).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

_SECRET_NAME: Final = re.compile(
    r"(password|passwd|passphrase|pwd|token|secret|bearer|authorization|credentials?|cookie|signature|dsn"
    r"|(api|access|secret|private|shared|account|license|auth|signing|encryption|ingest|ingestion|instrumentation)key"
    r"|(app|application|write|service|master|sas|insert|user)key|connectionstring|keypem|htpasswdinline)\Z"
)
"""What a name ends with if its value is a credential, without separators and in lower case."""
_NO_SECRET: Final = re.compile(r"(\A|[^a-z])(next|page|continue|continuation|partition)[^a-z]?token\Z", re.I)
_SECRET_PARAMETERS: Final = frozenset(("sig", "key", "auth"))
_PLAIN_HEADERS: Final = re.compile(
    r"(x-scope-orgid|organization|accountid|projectid|account-id|project-id|stream-name"
    r"|[a-z-]*(dataset|index|sourcetype|tenant|tenant-id|tenantid|namespace|region|environment|database|orgid|org-id)"
    r"|content-(type|encoding)|accept(-encoding)?|user-agent|host|x-forwarded-[a-z]+|x-[a-z]+-(version|source))\Z",
    re.I,
)
"""Headers that say whose data it is, or what form it has."""
_SEPARATORS: Final = re.compile(r"[^A-Za-z0-9]+")
_REFERENCE: Final = re.compile(
    r"\$\{(?:[a-z]+:)?[^${}:]*(?::-(?P<default>[^${}]*))?[^${}]*\}|\$\([A-Za-z_][A-Za-z0-9_]*\)"
)
_MASKED: Final = re.compile(r"\s*([*xX._-]*|redacted|masked|<[^<>]*>|\[[^\[\]]*\])\s*", re.I)
"""Nothing, and what stands for something that is left out."""
_BEFORE_A_REFERENCE: Final = re.compile(r"\s*([A-Za-z][A-Za-z-]{0,15}[ =:]?)?\s*")
"""The word before a reference that says what it is: `Bearer `, `Api-Token `."""
_FORMS: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|\b(AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(gh[pousr]_|github_pat_|gl(pat|sa|c)[-_]|xox[abeoprs]-|[sr]k_(live|test)_|NRAK-|NRI[IQ]-|dt0c01\.|hf_|npm_)\w{6}"
    r"|\bSG\.[\w-]{16,}\.|\bAIza[\w-]{30}|\bya29\.[\w-]{10}"
    r"|\b(Account|SharedAccess|Instrumentation|Access)Key=[^;\s$]"
    r"|\b(password|pwd)=[A-Za-z0-9]"
    r"|\b(Bearer|Basic|ApiKey|Api-Token|Splunk) (?!\$)[\w.~+/=-]{4,}(?=[\s,;\"']*\Z)"
    r"|\bhooks\.slack\.com/services/\w",
    re.I,
)


def is_secret_name(name: str) -> bool:
    """Whether a value under this name is a credential: `api_key`, `clientSecret`, `auth.token`."""
    letters = _SEPARATORS.sub("", name).lower()
    return bool(_SECRET_NAME.search(letters)) and not _NO_SECRET.search(name)


def is_plain_header(name: str) -> bool:
    """Whether a header is known to carry no credential, as X-Scope-OrgID, the tenant."""
    return bool(_PLAIN_HEADERS.match(name.replace("_", "-"))) and not is_secret_name(name)


def is_credential(name: str, value: str) -> bool:
    """Whether a value under a name is a credential: `name` may be a path (`auth.password`), or empty."""
    text = _without_references(value)
    if _MASKED.fullmatch(text):
        return False
    if is_secret_name(name) and (text == value or not _BEFORE_A_REFERENCE.fullmatch(text)):
        return True
    return bool(_FORMS.search(text)) or has_credential_in_url(text)


def is_header_credential(name: str, value: str) -> bool:
    """Whether the value of a header is a credential: it is, unless the header is known to carry none."""
    text = _without_references(value)
    if _MASKED.fullmatch(text):
        return False
    if is_plain_header(name):
        return is_credential("", value)
    return text == value or not _BEFORE_A_REFERENCE.fullmatch(text)


def has_credential_in_url(text: str) -> bool:
    """Whether a text has a URL with a user or password, or with a credential among its parameters."""
    for word in text.split():
        _, separator, rest = word.partition("://")
        if not separator:
            continue
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        if authority.rpartition("@")[0].strip(":"):
            return True
        try:
            parameters = parse_qsl(urlsplit(word).query)
        except ValueError:
            continue
        if any(is_secret_name(name) or name.lower() in _SECRET_PARAMETERS for name, _ in parameters):
            return True
    return False


def _without_references(value: str) -> str:
    """A text without its references; a default in one stays."""
    return _REFERENCE.sub(lambda match: match["default"] or "", value.replace("$$", "\0"))
