"""The structure of a collector's config, as plain data that users may have written in any shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

CONNECTED: Final = ("receivers", "exporters")
"""The roles in a pipeline that a connector can have."""


def mapping(value: Any) -> Mapping[str, Any]:
    """The value, if it is a mapping; otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def member(value: Any, *path: str) -> Any:
    """What is at a path of keys; None where there is nothing."""
    for key in path:
        value = mapping(value).get(key)
    return value


def names_in(value: Any) -> list[str]:
    """The entries of a list of ids; empty where it is no list."""
    return [str(entry) for entry in value] if isinstance(value, list | tuple) else []


def type_of(component: str) -> str:
    """The type of a component: `zipkin/2` → `zipkin`."""
    return component.partition("/")[0]


def pipelines(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The pipelines of a config, by name."""
    for name, pipeline in mapping(member(config, "service", "pipelines")).items():
        yield str(name), mapping(pipeline)


def used(config: Mapping[str, Any], role: str, signal: str = "") -> list[str]:
    """The ids that pipelines name in a role, each once; with `signal` those of its pipelines only."""
    return list(
        dict.fromkeys(
            component
            for name, pipeline in pipelines(config)
            if not signal or type_of(name) == signal
            for component in names_in(pipeline.get(role))
        )
    )


def active_extensions(config: Mapping[str, Any]) -> list[str]:
    """The ids that `service.extensions` names."""
    return names_in(member(config, "service", "extensions"))
