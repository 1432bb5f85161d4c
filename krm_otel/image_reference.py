"""The parts of an image reference: repository, tag, digest."""

from __future__ import annotations

from functools import lru_cache

from krm_otel.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ImageReference:
    """The parts of an image reference; the tag and the digest are empty where they are not given."""

    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def basename(self) -> str:
        """The last part of the repository: `otel/opentelemetry-collector` → `opentelemetry-collector`."""
        return self.repository.rpartition("/")[2]

    @property
    def has_registry(self) -> bool:
        """Whether the repository names its registry.

        Docker's rule: the part before the first `/` is a host where it has a dot or a port, or is `localhost`.
        """
        first, slash, _ = self.repository.partition("/")
        return bool(slash) and ("." in first or ":" in first or first == "localhost")


@lru_cache(maxsize=1024)  # a container's image is asked for by several rules
def parse_image(reference: str) -> ImageReference:
    """`host:5000/team/echo:v1@sha256:…` → repository `host:5000/team/echo`, tag `v1`, the digest.

    A colon before the last slash belongs to the registry's port.
    """
    name, _, digest = reference.strip().partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return ImageReference(name, "", digest)
    return ImageReference(repository, tag, digest)
