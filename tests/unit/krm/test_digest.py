"""SHA-256 is that of `hashlib`."""

from __future__ import annotations

import hashlib

import pytest

from krm_otel.krm.digest import sha256_hex


@pytest.mark.parametrize("data", [b"", b"abc", bytes(range(256)) * 40], ids=len)
def test_digests_are_those_of_hashlib(data: bytes) -> None:
    assert sha256_hex(data) == hashlib.sha256(data).hexdigest()
