"""Which class a workload belongs to.

Class and workload are in the same namespace; an absent namespace equals only an absent one. The first rule
that holds decides, and the rules below it are not looked at (– does not matter):

| 1 annotation    | 2 label | 3 owner | platform labels | 4 name | belongs to                     |
|-----------------|---------|---------|-----------------|--------|--------------------------------|
| names class A   | –       | –       | –               | –      | A                              |
| `oaas-platform` | –       | –       | one component   | –      | the platform                   |
| `oaas-platform` | –       | –       | several         | –      | nothing, error                 |
| `oaas-platform` | –       | –       | none            | –      | nothing, warning               |
| names no class  | –       | –       | –               | –      | nothing, warning               |
| none            | A       | –       | –               | –      | A                              |
| none            | none    | A       | –               | –      | A                              |
| none            | none    | none    | one component   | –      | the platform                   |
| none            | none    | none    | several         | –      | nothing, error                 |
| none            | none    | none    | none            | A      | A                              |
| none            | none    | none    | none            | none   | nothing                        |

Where the deciding rule holds for two classes, the workload belongs to nothing, with an error that names both.

1. Annotation `oaas.io/class-runtime` on the object, else on its pod template.
2. Label `oaas.io/owner` on the object or its pod template, a class's name as it is or made DNS-1035-safe.
3. An ownerReference of kind ClassRuntime, group `oaas.io`.
4. The names that upstream's CRM gives: `<class>` and `<class>-fn-<i>`, with a container `function` or one
   whose image repository is that of one of the class's functions; `<class>-odgm` with a container `odgm`.

A class answers to each of its `names`, and a workload in rule 4 to each of its own: kustomize's namePrefix
renames objects, but neither labels nor annotations. An empty annotation or label reads as absent. A label or
ownerReference that names no class present does not hold, so the rules below it are tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from krm_otel.config.settings import Configuration, OaasClass, PlatformComponent
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result, Severity
from krm_otel.diagnostics.suggestion import nearest_name
from krm_otel.names import A_CLASS, CLASS_GROUP, CLASS_KIND, L_OWNER, PLATFORM_CLASS
from krm_otel.workloads.containers import Container, parse_image
from krm_otel.workloads.kinds import Workload
from krm_otel.yamltext.nodes import Sequence
from krm_otel.yamltext.query import lookup, text_of

BY_ANNOTATION: Final = f"annotation {A_CLASS}"
BY_LABEL: Final = f"label {L_OWNER}"
BY_OWNER: Final = "ownerReferences"
BY_PLATFORM: Final = "labels of a platform component"
BY_NAME: Final = "name and container"
RULES_TRIED: Final = (
    f"{BY_ANNOTATION}, {BY_LABEL}, {BY_OWNER}, names <class>, <class>-fn-<i> and <class>-odgm with their containers"
)
"""What a warning about a class without workloads says of the rules."""

FUNCTION_CONTAINER: Final = "function"
ODGM_CONTAINER: Final = "odgm"
_FUNCTION_NAME: Final = re.compile(r"(?P<base>.+)-fn-(?P<index>0|[1-9][0-9]{0,5})\Z")
_ODGM_SUFFIX: Final = "-odgm"
_UNSAFE: Final = re.compile(r"[^a-z0-9-]")


@dataclass(frozen=True, slots=True)
class Match:
    """Where a workload belongs.

    `rule` says by which rule, for people; it is also set where the rule held for two (`candidates`), or for
    none (`names_no_class`). `absent_class` is what an annotation, label or ownerReference names where no such
    class is present: half an input, perhaps.
    """

    oaas_class: OaasClass | None = None
    component: PlatformComponent | None = None
    rule: str = ""
    results: tuple[Result, ...] = ()
    names_no_class: bool = False
    absent_class: str = ""
    candidates: tuple[OaasClass, ...] = ()


def dns1035_safe(name: str) -> str:
    """A name as upstream's CRM makes it safe for Services: lower case, `-` for what is not allowed, a letter
    first, at most 63 characters."""
    # Only ASCII is lowered: `İ` and its like would become two characters.
    lowered = "".join(char.lower() if char.isascii() else "-" for char in name)
    safe = _UNSAFE.sub("-", lowered).strip("-") or "default"
    if not safe[0].isalpha():
        safe = "a" + safe
    return safe[:63].rstrip("-")


def spellings(oaas_class: OaasClass) -> tuple[str, ...]:
    """Every name that the class answers to, as it is and made safe."""
    return tuple(dict.fromkeys([*oaas_class.names, *map(dns1035_safe, oaas_class.names)]))


class Matcher:
    """Matches workloads with the classes of one configuration; the classes are indexed once."""

    def __init__(self, configuration: Configuration):
        self._configuration = configuration
        self._by_name: dict[tuple[str, str], list[OaasClass]] = {}
        self._by_spelling: dict[tuple[str, str], list[OaasClass]] = {}
        self._namespaces: dict[str, list[str]] = {}
        self._platforms: dict[str, OaasClass] = {}
        for oaas_class in configuration.classes:
            for name in dict.fromkeys(oaas_class.names):
                self._by_name.setdefault((oaas_class.namespace, name), []).append(oaas_class)
                self._namespaces.setdefault(name, []).append(oaas_class.namespace)
            for name in spellings(oaas_class):
                self._by_spelling.setdefault((oaas_class.namespace, name), []).append(oaas_class)

    def platform(self, namespace: str) -> OaasClass:
        """The pseudo-class that the platform's components in one namespace form."""
        if namespace not in self._platforms:
            settings = self._configuration.platform
            self._platforms[namespace] = OaasClass(
                PLATFORM_CLASS, (PLATFORM_CLASS,), namespace, Ref(), (), settings, faulty=settings is None
            )
        return self._platforms[namespace]

    def platforms(self) -> list[OaasClass]:
        """The pseudo-classes of the platform that were asked for so far."""
        return list(self._platforms.values())

    def match(self, workload: Workload) -> Match:
        """The class that the workload belongs to, by the table at the top of this module."""
        if annotated := workload.annotation(A_CLASS):
            return self._annotated(workload, *annotated[0])

        namespace = workload.resource.namespace
        labels = [value for value, _ in workload.label(L_OWNER)]
        if found := _distinct(c for label in labels for c in self._by_spelling.get((namespace, label), ())):
            return _belongs(workload, found, BY_LABEL)
        owners = _owners(workload)
        if found := _distinct(c for owner in owners for c in self._by_name.get((namespace, owner), ())):
            return _belongs(workload, found, BY_OWNER)
        if components := self._components(workload):
            return self._of_platform(workload, components, BY_PLATFORM)
        if found := _distinct(self._named(workload)):
            return _belongs(workload, found, BY_NAME)
        return Match(absent_class=next(iter([*labels, *owners]), ""))

    def _annotated(self, workload: Workload, name: str, field: str) -> Match:
        """Rule 1. The annotation is the user's word: where it names nothing, nothing else is guessed."""
        namespace = workload.resource.namespace
        if name == PLATFORM_CLASS:
            if components := self._components(workload):
                return self._of_platform(workload, components, BY_ANNOTATION)
            if self._configuration.config_given:
                message = "no component of the platform in OTelConfig has labels that this workload carries"
            else:
                message = "no OTelConfig is present that says which components the platform has"
            return _names_nothing(workload, name, field, message)
        if found := _distinct(self._by_name.get((namespace, name), ())):
            return _belongs(workload, found, BY_ANNOTATION, field)
        if elsewhere := self._namespaces.get(name):
            where = " and ".join(_namespace(n) for n in sorted(set(elsewhere))[:3])
            message = f"a class {name} is {where}, but this workload is {_namespace(namespace)}"
            return _names_nothing(workload, name, field, message)
        proposed = nearest_name(name, (n for space, n in self._by_name if space == namespace))
        message = f"no class {name} is present {_namespace(namespace)}"
        if proposed:
            message += f"; did you mean {proposed}?"
        return _names_nothing(workload, name, field, message, proposed)

    def _components(self, workload: Workload) -> list[PlatformComponent]:
        return [
            component
            for component in self._configuration.platform_components
            # A component without labels would take every workload there is.
            if component.match_labels
            and (
                component.match_labels.items() <= workload.resource.labels.items()
                or component.match_labels.items() <= workload.template_labels.items()
            )
        ]

    def _of_platform(self, workload: Workload, components: list[PlatformComponent], rule: str) -> Match:
        if len(components) == 1:
            return Match(self.platform(workload.resource.namespace), components[0], rule)
        keys = " and ".join(sorted(component.key for component in components))
        message = (
            f"the labels of this workload fit the platform components {keys}: "
            "give these components match_labels that only one of them has"
        )
        fault = Result("platform-component-ambiguous", "error", message, workload.resource.ref)
        return Match(rule=rule, results=(fault,))

    def _named(self, workload: Workload) -> Iterable[OaasClass]:
        """Rule 4: classes by the names that upstream's CRM gives to what it makes."""
        namespace = workload.resource.namespace
        containers = {container.name for container in workload.containers}
        for own in filter(None, workload.resource.names):
            bases = [own]
            if numbered := _FUNCTION_NAME.match(own):
                bases.append(numbered["base"])
            for base in bases:
                for oaas_class in self._by_spelling.get((namespace, base), ()):
                    if FUNCTION_CONTAINER in containers or _runs_function(workload, oaas_class):
                        yield oaas_class
            if own.endswith(_ODGM_SUFFIX) and ODGM_CONTAINER in containers:
                yield from self._by_spelling.get((namespace, own.removesuffix(_ODGM_SUFFIX)), ())


def repositories(oaas_class: OaasClass) -> dict[str, list[str]]:
    """Image repositories of the class's functions, each with the keys of the functions that use it."""
    found: dict[str, list[str]] = {}
    for function in oaas_class.functions:
        if repository := parse_image(function.image).repository:
            found.setdefault(repository, []).append(function.key)
    return found


def function_key(workload: Workload, container: Container, oaas_class: OaasClass) -> str | None:
    """Which of the class's functions a container runs.

    By the index in `<class>-fn-<i>`; else the only function, where the workload is `<class>`; else the only
    function with the container's image repository. None where none of these says it, for the ODGM, and for a
    container beside the function that has an image of its own.
    """
    functions = oaas_class.functions
    if container.name == ODGM_CONTAINER:
        return None
    names = spellings(oaas_class)
    keys = repositories(oaas_class).get(parse_image(container.image).repository, [])
    alone = len(workload.containers) == 1 or container.name == FUNCTION_CONTAINER
    for own in workload.resource.names if alone or keys else ():
        numbered = _FUNCTION_NAME.match(own)
        if numbered and numbered["base"] in names and int(numbered["index"]) < len(functions):
            return functions[int(numbered["index"])].key or None
        if own in names and len(functions) == 1:
            return functions[0].key or None
    return keys[0] or None if len(keys) == 1 else None


# --- helpers ----------------------------------------------------------------------------------------------


def _runs_function(workload: Workload, oaas_class: OaasClass) -> bool:
    known = repositories(oaas_class)
    return any(parse_image(container.image).repository in known for container in workload.containers)


def _owners(workload: Workload) -> list[str]:
    """Names of the classes that the object's ownerReferences point to."""
    references = workload.resource.node("metadata", "ownerReferences")
    if not isinstance(references, Sequence):
        return []
    found = []
    for reference in references.items:
        group = (text_of(lookup(reference, "apiVersion")) or "").rpartition("/")[0]
        name = text_of(lookup(reference, "name"))
        if name and group == CLASS_GROUP and text_of(lookup(reference, "kind")) == CLASS_KIND:
            found.append(name)
    return found


def _distinct(classes: Iterable[OaasClass]) -> list[OaasClass]:
    """Each class once; the same ClassRuntime given twice counts once."""
    found: dict[tuple[str, str], OaasClass] = {}
    for oaas_class in classes:
        found.setdefault((oaas_class.namespace, oaas_class.name), oaas_class)
    return list(found.values())


def _belongs(workload: Workload, found: list[OaasClass], rule: str, field: str = "") -> Match:
    """The one class, or the error that two hold."""
    if len(found) == 1:
        return Match(found[0], rule=rule)
    names = " and ".join(sorted(c.name for c in found))
    if rule == BY_ANNOTATION:
        # Both had the name before kustomize renamed one of them; only the present names tell them apart.
        message = f"the annotation names both {names}: write a name that only one of these classes has or had"
    else:
        message = f"belongs to the classes {names} alike by {rule}: write the annotation {A_CLASS} with one of them"
    path = field or field_path("metadata", "annotations", A_CLASS)
    fault = _result("class-ambiguous", "error", message, workload, path)
    return Match(rule=rule, results=(fault,), candidates=tuple(found))


def _names_nothing(workload: Workload, name: str, field: str, message: str, proposed: str | None = None) -> Match:
    warning = _result("class-not-found", "warning", message, workload, field, name, proposed)
    return Match(rule=BY_ANNOTATION, results=(warning,), names_no_class=True, absent_class=name)


def _result(
    code: str,
    severity: Severity,
    message: str,
    workload: Workload,
    path: str,
    current: str | None = None,
    proposed: str | None = None,
) -> Result:
    return Result(code, severity, message, workload.resource.ref, path, current, proposed)


def _namespace(name: str) -> str:
    return f"in namespace {name}" if name else "without a namespace"
