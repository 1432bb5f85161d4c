"""Headers: which carry a credential.

Any may, since vendors name theirs freely (`x-honeycomb-team`, `uptrace-dsn`). So a value that is just written there is
taken for one, unless the header is known to say whose data it is or what form it has.
"""

from __future__ import annotations

import re
from typing import Final

from krm_otel.credential.names import is_secret_name, last_word, letters
from krm_otel.credential.texts import is_reference, is_secret_text
from krm_otel.regex import regex

_PLAIN: Final = regex(
    r"([a-z-]*(dataset|index|indexname|sourcetype|tenant|tenant-?id|namespace|region|environment|env|database"
    r"|db-name|table|table-name|pipeline-name|org-?id|organization|account-?id|project-?id|project-name|cluster"
    r"|cluster-name|stream|stream-name|stream-fields|log-source|service-name|application-name|subsystem-name|category"
    r"|datacenter|zone|stage|app-name|component|source|instance-id|collector-name)"
    r"|v[lt]-[a-z-]+-fields?|cache-control|content-(type|encoding)|accept(-encoding|-language)?|user-agent|host|origin"
    r"|referer"
    r"|x-forwarded-[a-z]+|x-request-id|x-[a-z-]+-version)\Z",
    re.I,
)
_SECRET_WORDS: Final = frozenset(
    ("auth", "authentication", "key", "apikey", "session", "sessionid", "pass", "license", "authenticate", "signature")
)
"""Last words of the names of headers that carry a credential, besides those of other names."""
_SECRET: Final = frozenset(("x-honeycomb-team",))


def is_credential(name: str, value: str) -> bool:
    """Whether a value under a name is a credential, as in a variable or a field.

    Args:
        name: may be a path (`auth.password`), or empty; what ends with `headers` has `name=value,name=value`.
        value: may have references (`${env:NAME}`, `$(NAME)`), which are no credentials.
    """
    if letters(name).endswith(("headers", "headerslist")):
        from urllib.parse import unquote  # few names need it

        pairs = [pair.partition("=") for pair in value.split(",") if "=" in pair]
        if any(is_header_credential(header.strip(), unquote(text).strip()) for header, _, text in pairs):
            return True
    return is_secret_text(name, value)


def is_header_credential(name: str, value: str) -> bool:
    """Whether the value of a header is a credential: it is, unless the header is known to carry none."""
    if is_reference(value):
        return False
    return is_secret_text("", value) if _is_plain(name) else True


def may_be_plain_header(name: str, value: str) -> bool:
    """Whether somebody may say on purpose that this value of a header is no credential: nothing contradicts it."""
    return not _is_secret(name) and not is_secret_text("", value)


def _is_plain(name: str) -> bool:
    return bool(_PLAIN.match(name.replace("_", "-"))) and not _is_secret(name)


def _is_secret(name: str) -> bool:
    return is_secret_name(name) or last_word(name) in _SECRET_WORDS or name.lower() in _SECRET
