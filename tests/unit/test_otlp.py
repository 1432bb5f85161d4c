"""The parts of URLs are those of `urllib`."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from krm_otel.otlp import Url, url_parts

USUAL = [
    *(
        "http://c",
        "https://c:4317",
        "http://Otel.Shop.svc:4318/v1/traces",
        "http://c/",
        "http://c//a/./b",
        "http://c:0",
    ),
    *("https://$(HOST_IP):4317", "http://$(HOST_IP)/a", "http://10.0.0.1:9999/x-y_z~", "http://a.:1", "http://-.-"),
]
OTHERS = [
    *(
        "",
        "c",
        "c:4317",
        "//c",
        "http:/c",
        "http://",
        "HTTP://c",
        "ftp://c",
        "http://c:",
        "http://c:99999",
        "http://c\n",
    ),
    *(
        "http://u:p@c:1/x",
        "http://c?x=/y",
        "http://c#f",
        "http://[::1]:4317/a",
        "http://[::1",
        "http://é",
        "http://a b",
    ),
    *("http://c:43170", "http://c:4x", "http://$(A)b:1", "http://c/%20", "http://c/a?b#c", "http://c:1:2"),
]


@pytest.mark.parametrize("url", [*USUAL, *OTHERS])
def test_the_parts_are_those_of_urllib(url: str) -> None:
    for part in ("scheme", "netloc", "hostname", "port", "path"):
        assert outcome(url_parts, url, part) == outcome(urlsplit, url, part)


def outcome(split: object, url: str, part: str) -> object:
    """A part of a URL, or the error where there is none."""
    try:
        return getattr(split(url), part)  # type: ignore[operator]
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("url", USUAL)
def test_usual_urls_need_no_urllib(url: str) -> None:
    assert isinstance(url_parts(url), Url)
