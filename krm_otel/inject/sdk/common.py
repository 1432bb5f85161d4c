"""What the environments of containers have in common: it is built once for each class, and not for each container.

Variables of exporters, samplers and propagators depend on the settings and on what the user has set. A container in
which the user has set nothing that was asked for gets the same as a container without any environment. So what is
asked for is noted. Building it anew for each container was an eighth of an injection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from krm_otel.inject.sdk.builder import ContainerBuilder, Contents
from krm_otel.inject.sdk.environment import ExistingVariable
from krm_otel.inject.sdk.exporters import CertificateVolumes

Add = Callable[[ContainerBuilder, CertificateVolumes], None]


class _Asked(dict[str, ExistingVariable]):
    """An empty environment that notes the names that it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[object] = set()

    def get(self, name: object, default: Any = None) -> Any:
        self.names.add(name)
        return default

    def __contains__(self, name: object) -> bool:
        self.names.add(name)
        return False


class CommonVariables:
    """The variables that containers have in common, by what they depend on."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[object, Contents | None, set[object]]] = {}

    def add(
        self, builder: ContainerBuilder, depends_on: tuple[object, ...], volumes: CertificateVolumes, add: Add
    ) -> None:
        """Adds variables to the environment of a container.

        Args:
            builder: the environment.
            depends_on: what the variables depend on, apart from what the user has set; the first part is compared by
                identity.
            volumes: the volumes of the pod.
            add: adds the variables to an environment, and volumes to a pod.
        """
        key = (id(depends_on[0]), *depends_on[1:])
        if key not in self._known:
            self._known[key] = (depends_on, *self._of_blank_container(builder, add))
        _, contents, asked = self._known[key]
        if contents is None or builder.adoptable or not asked.isdisjoint(builder.existing):
            add(builder, volumes)
        else:
            builder.add(contents)

    @staticmethod
    def _of_blank_container(builder: ContainerBuilder, add: Add) -> tuple[Contents | None, set[object]]:
        """What a container without an environment gets, None where it is more than variables; and what it is asked."""
        existing, volumes = _Asked(), CertificateVolumes([])
        blank = ContainerBuilder(builder.container, builder.ref, existing, {})
        add(blank, volumes)
        return (None if volumes.all() else blank.contents()), existing.names
