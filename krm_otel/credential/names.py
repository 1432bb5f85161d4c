"""Names of credentials: `api_key`, `clientSecret`, `auth.token`.

Sources: the fields of type `configopaque.String` of the collector and its contrib components, Prometheus' scrape
configs, and the variables of the vendors' agents.
"""

from __future__ import annotations

import re
from typing import Final

from krm_otel.regex import regex

_KEYS: Final = (
    *("api", "access", "secret", "private", "shared", "account", "license", "auth", "signing", "encryption", "hmac"),
    *("ingest", "ingestion", "instrumentation", "agent", "app", "application", "write", "service", "master", "sas"),
    *("insert", "preshared", "security"),
)
_SECRET: Final = (
    *("password", "passwd", "passphrase", "passcode", "passkey", "pwd", "token", "secret", "bearer", "authorization"),
    *("credential", "credentials", "cookie", "signature", "dsn", "psk", "community", "jwt", "accesskeysecret"),
    *("secretkeybase", "connectionstring", "keypem", "htpasswdinline", *(f"{word}key" for word in _KEYS)),
)
"""What a name ends with, without separators and in lower case."""
_SECRET_WORDS: Final = frozenset(("pat", "sas"))
"""Last words of a name that are too short to be looked for in the letters alone."""
_CONTINUED: Final = regex(
    r"(\A|[^a-z])(next|page|continue|continuation|partition|sync|cancellation)[^a-z]?token\Z", re.I
)
"""Tokens that only say where a list goes on."""
_SEPARATORS: Final = regex(r"[^A-Za-z0-9]+")
_WORDS: Final = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def is_secret_name(name: str) -> bool:
    """Whether a value under this name is a credential; the name may be a path (`auth.password`)."""
    if name.lower().endswith("token") and _CONTINUED.search(name):
        return False
    return letters(name).endswith(_SECRET) or last_word(name) in _SECRET_WORDS


def letters(name: str) -> str:
    """A name without separators and in lower case."""
    return _SEPARATORS.sub("", name).lower()


def last_word(name: str) -> str:
    """`X-Auth-Token`, `authToken` → `token`."""
    words = _WORDS.findall(name)
    return words[-1].lower() if words else ""
