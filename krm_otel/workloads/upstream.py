"""The names and images that upstream's CRM gives to what runs the functions of a class."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from krm_otel.config.settings import OaasClass
from krm_otel.image_reference import parse_image
from krm_otel.regex import regex
from krm_otel.workloads.containers import Container
from krm_otel.workloads.kinds import Workload

FUNCTION_CONTAINER: Final = "function"
ODGM_CONTAINER: Final = "odgm"
_FUNCTION_NAME: Final = regex(r"(?P<base>.+)-fn-(?P<index>0|[1-9][0-9]{0,5})\Z")
ODGM_SUFFIX: Final = "-odgm"
_UNSAFE: Final = regex(r"[^a-z0-9-]")


@lru_cache(maxsize=1024)
def dns1035_safe(name: str) -> str:
    """A name as upstream's CRM makes it safe for Services.

    That is lower case, `-` for characters that are not allowed, a letter first, at most 63 characters.
    """
    # Only ASCII is lowered: `İ` and the like would become two characters.
    lowered = "".join(char.lower() if char.isascii() else "-" for char in name)
    safe = _UNSAFE.sub("-", lowered).strip("-") or "default"
    if not safe[0].isalpha():
        safe = "a" + safe
    return safe[:63].rstrip("-")


def spellings(oaas_class: OaasClass) -> tuple[str, ...]:
    """Every name of the class, as it is and made DNS-1035-safe."""
    return _spellings(oaas_class.names)


@lru_cache(maxsize=1024)  # each container of a class asks
def _spellings(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*names, *map(dns1035_safe, names)]))


def function_names(name: str) -> tuple[str, ...]:
    """The names of classes whose function may have this name: `<class>` and `<class>-fn-<i>`."""
    numbered = _FUNCTION_NAME.match(name)
    return (name, numbered["base"]) if numbered else (name,)


def function_key(workload: Workload, container: Container, oaas_class: OaasClass) -> str | None:
    """Which of the class's functions a container runs.

    By the index in `<class>-fn-<i>`; otherwise the only function, where the workload is `<class>`; otherwise the only
    function with the container's image repository. None where none of these applies, for the ODGM, and for a container
    next to the function that has an image of its own.
    """
    functions = oaas_class.functions
    if container.name == ODGM_CONTAINER:
        return None
    class_names = spellings(oaas_class)
    keys = oaas_class.keys_by_repository.get(parse_image(container.image).repository, ())
    alone = not container.is_init and (len(workload.containers) == 1 or container.name == FUNCTION_CONTAINER)
    for name in workload.resource.names if alone or keys else ():
        numbered = _FUNCTION_NAME.match(name) if "-fn-" in name else None
        if numbered and numbered["base"] in class_names and int(numbered["index"]) < len(functions):
            return functions[int(numbered["index"])].key or None
        if name in class_names and len(functions) == 1:
            return functions[0].key or None
    return keys[0] or None if len(keys) == 1 else None


def runs_function(workload: Workload, oaas_class: OaasClass) -> bool:
    """Whether a container of a workload has the image repository of one of the class's functions."""
    known = oaas_class.keys_by_repository
    return any(parse_image(container.image).repository in known for container in workload.containers)
