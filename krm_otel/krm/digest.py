"""SHA-256 without OpenSSL: `hashlib` loads it, for 20 million instructions, where the whole run of a small package may
take 250. The module of the standard library that does without is private, so that it may be missing."""

from __future__ import annotations

try:
    from _sha256 import sha256  # type: ignore[import-not-found]
except ImportError:
    try:
        from _sha2 import sha256  # type: ignore[import-not-found]  # since Python 3.12
    except ImportError:
        from hashlib import sha256


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of data, in hexadecimal."""
    digest: str = sha256(data).hexdigest()
    return digest
