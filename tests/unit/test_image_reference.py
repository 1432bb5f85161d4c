"""References of container images."""

from __future__ import annotations

import pytest

from krm_otel.image_reference import ImageReference, parse_image


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("echo", ImageReference("echo")),
        ("echo:v1", ImageReference("echo", "v1")),
        ("ghcr.io/team/echo:v1", ImageReference("ghcr.io/team/echo", "v1")),
        ("host:5000/echo", ImageReference("host:5000/echo")),
        ("host:5000/x:tag@sha256:ab", ImageReference("host:5000/x", "tag", "sha256:ab")),
        ("x@sha256:ab", ImageReference("x", "", "sha256:ab")),
        ("host:5000/x@sha256:ab", ImageReference("host:5000/x", "", "sha256:ab")),
        ("", ImageReference("")),
    ],
)
def test_image_references(reference: str, image: ImageReference) -> None:
    """A registry's port is not a tag."""
    assert parse_image(reference) == image


def test_image_basename() -> None:
    """The last part of the repository."""
    assert parse_image("host:5000/otel/otelcol:1").basename == "otelcol"
    assert parse_image("echo").basename == "echo"
