"""Credentials: whether a text is one, where they are in plain data, and texts with a mask in their place.

It decides about what would otherwise be written into a ConfigMap or into a manifest. References (`${env:NAME}`,
`$(NAME)`) are no credentials, but the default in one (`${env:NAME:-text}`) is a text like any other.
"""

from krm_otel.credential.headers import is_credential, is_header_credential, may_be_plain_header
from krm_otel.credential.names import is_secret_name
from krm_otel.credential.places import credentials_in, headers_twice
from krm_otel.credential.texts import masked

__all__ = [
    "credentials_in",
    "headers_twice",
    "is_credential",
    "is_header_credential",
    "is_secret_name",
    "masked",
    "may_be_plain_header",
]
