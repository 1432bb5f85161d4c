"""The folder that a starter goes to, as `krm-otel init` finds it."""

from __future__ import annotations

from krm_otel.dataclass import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """A folder before the starter is written into it."""

    folder: str = "."
    """As the user names it."""
    name: str = "app"
    """Its own name, as Kubernetes takes names."""
    manifests: tuple[str, ...] = ()
    """The files in it that have objects for a cluster, below it."""
    has_class: bool = False
    existing: dict[str, str] = field(default_factory=dict)
    """The files that tell a client what to do, and their texts: a Kptfile, a kustomization."""
    chart: str | None = None
    """The only Helm chart in it, as the user would name it."""
    path_in_repository: str = "."
    """Its path from the root of its git repository."""
    missing_on_path: str | None = None
    """The folder of krm-otel, where the user's PATH does not have it."""

    def inside(self, path: str) -> str:
        """A path in the folder, as the user would name it."""
        return path if self.folder == "." else f"{self.folder.rstrip('/')}/{path}"
