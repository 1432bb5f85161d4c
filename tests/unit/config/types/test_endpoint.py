"""Endpoints in messages: secrets in them are redacted."""

from __future__ import annotations

import pytest

from krm_otel.config.types.endpoint import redact, redact_endpoint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://a:b@c/d", "http://***@c/d"),
        ("http://a:b/x@c", "http://***@c"),
        ("http://c/d?k=v#f", "http://c/d?***"),
        ("http://c/d#f", "http://c/d#***"),
        ("someone@example.com", "someone@example.com"),
    ],
)
def test_redaction(text: str, shown: str) -> None:
    """Userinfo, query and fragment go; a text that is no URL stays, unless an endpoint belongs there."""
    assert redact(text) == shown
    assert redact_endpoint("a:b@c") == "***@c"
