"""Which class a workload belongs to.

A class and its workloads are in the same namespace; an absent namespace equals only an absent one. The first rule
that holds decides, and the rules after it are not tried (– does not matter):

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

Where the deciding rule holds for two classes, the workload belongs to none, and an error names both.

1. Annotation `oaas.io/class-runtime` on the object, otherwise on its pod template.
2. Label `oaas.io/owner` on the object or its pod template, a class's name as it is or made DNS-1035-safe.
3. An ownerReference of kind ClassRuntime, group `oaas.io`.
4. The names that upstream's CRM gives: `<class>` and `<class>-fn-<i>`, with a container `function` or one
   whose image repository is that of one of the class's functions; `<class>-odgm` with a container `odgm`.

Every one of a class's `names` counts, and in rule 4 every one of the workload's names: kustomize's namePrefix
renames objects, but neither labels nor annotations. An empty annotation or label counts as absent. A label or
ownerReference that names no class of the input does not hold, so the rules after it are tried.

After a build nothing records earlier names. Then a name that no class has stands for the only class that has it with a
prefix or suffix, if the workload's own name has the same: `cart`, for a class `prod-cart` and a workload `prod-api`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from krm_otel.config.settings import Configuration, OaasClass, PlatformComponent
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rule import Location
from krm_otel.diagnostics.rules import classes as rules
from krm_otel.diagnostics.suggestion import nearest_name
from krm_otel.krm.item import Item
from krm_otel.names import A_CLASS, CLASS_GROUP, CLASS_KIND, L_OWNER, PLATFORM_CLASS
from krm_otel.workloads import upstream
from krm_otel.workloads.kinds import KINDS, Workload, as_workload
from krm_otel.yamltext.query import items_of, lookup, text_of

BY_ANNOTATION: Final = f"annotation {A_CLASS}"
BY_LABEL: Final = f"label {L_OWNER}"
BY_OWNER: Final = "ownerReferences"
BY_PLATFORM: Final = "labels of a platform component"
BY_NAME: Final = "name and container"
RULES_TRIED: Final = (
    f"{BY_ANNOTATION}, {BY_LABEL}, {BY_OWNER}, names <class>, <class>-fn-<i> and <class>-odgm with their containers"
)
"""The rules, for the warning about a class without workloads."""


@dataclass(frozen=True, slots=True)
class Match:
    """The class or platform component that a workload belongs to.

    Args:
        oaas_class: the class; for a platform component the platform's pseudo-class; None where there is none.
        component: the platform component.
        rule: the rule that decided, for people; also where it holds for several classes or names none.
        absent_class: what an annotation, label or ownerReference names where the input has no such class: perhaps it
            is only a part of the whole.
        candidates: the classes that the rule held for, where they are two or more.
    """

    oaas_class: OaasClass | None = None
    component: PlatformComponent | None = None
    rule: str = ""
    results: tuple[Result, ...] = ()
    absent_class: str = ""
    candidates: tuple[OaasClass, ...] = ()


@dataclass(frozen=True, slots=True)
class Matcher:
    """Finds the class of each workload.

    Args:
        configuration: the classes and the platform's components.
        by_name: (namespace, name) → the classes that have or had the name.
        by_spelling: the same, with the names as they are and made DNS-1035-safe.
        namespaces: name → the namespaces of the classes that have or had it.
        in_namespace: the classes of each namespace.
        platform_namespace: what an absent namespace stands for in components of the platform: the only one that other
            components have. Charts write it in some templates alone, and the release has one.
    """

    configuration: Configuration
    by_name: Mapping[tuple[str, str], list[OaasClass]]
    by_spelling: Mapping[tuple[str, str], list[OaasClass]]
    namespaces: Mapping[str, list[str]]
    in_namespace: Mapping[str, list[OaasClass]]
    platform_namespace: str = ""

    @classmethod
    def of(cls, configuration: Configuration, platform_namespace: str = "") -> Matcher:
        """The matcher of one configuration, whose classes are indexed once."""
        by_name: dict[tuple[str, str], list[OaasClass]] = {}
        by_spelling: dict[tuple[str, str], list[OaasClass]] = {}
        namespaces: dict[str, list[str]] = {}
        in_namespace: dict[str, list[OaasClass]] = {}
        for oaas_class in configuration.classes:
            in_namespace.setdefault(oaas_class.namespace, []).append(oaas_class)
            for name in dict.fromkeys(oaas_class.names):
                by_name.setdefault((oaas_class.namespace, name), []).append(oaas_class)
                namespaces.setdefault(name, []).append(oaas_class.namespace)
            for name in upstream.spellings(oaas_class):
                by_spelling.setdefault((oaas_class.namespace, name), []).append(oaas_class)
        return cls(configuration, by_name, by_spelling, namespaces, in_namespace, platform_namespace)

    def match(self, workload: Workload) -> Match:
        """The class that the workload belongs to, by the table at the top of this module."""
        if annotated := workload.annotation(A_CLASS):
            return self._by_annotation(workload, *annotated[0])

        namespace = workload.resource.namespace
        labels = [value for value, _ in workload.label(L_OWNER)]
        if classes := _distinct(c for label in labels for c in self.by_spelling.get((namespace, label), ())):
            return _belongs(workload, classes, BY_LABEL)
        owners = _owners(workload)
        if classes := _distinct(c for owner in owners for c in self.by_name.get((namespace, owner), ())):
            return _belongs(workload, classes, BY_OWNER)
        if components := self._components(workload):
            return self._belongs_to_platform(workload, components, BY_PLATFORM)
        if classes := _distinct(self._by_upstream_name(workload)):
            return _belongs(workload, classes, BY_NAME)
        named = [*labels, *owners]
        return self._by_renaming(workload, named) or Match(absent_class=next(iter(named), ""))

    def _by_renaming(self, workload: Workload, named: Iterable[str]) -> Match | None:
        """The class that had a name before a build gave it, and the workload, the same prefix and suffix."""
        own = workload.resource.name
        for name in named:
            classes = [
                (oaas_class, prefix, suffix)
                for oaas_class in self.in_namespace.get(workload.resource.namespace, ())
                for prefix, found, suffix in [oaas_class.name.partition(name)]
                if found and _is_affix(prefix, suffix) and own.startswith(prefix) and own.endswith(suffix)
            ]
            if len(classes) == 1:
                ((oaas_class, prefix, suffix),) = classes
                affixes = " and ".join(filter(None, (prefix, suffix)))
                text = f"{name} is read as the class {oaas_class.name}, since both it and this workload have {affixes}"
                result = rules.CLASS_RENAMED.at(workload.resource.ref, text)
                return Match(oaas_class, rule=BY_LABEL, results=(result,))
        return None

    def _by_annotation(self, workload: Workload, name: str, path: str) -> Match:
        """Rule 1. The user decides: where the annotation names nothing, no other rule is tried."""
        namespace = workload.resource.namespace
        fix, proposed = "", None
        if name == PLATFORM_CLASS:
            if components := self._components(workload):
                return self._belongs_to_platform(workload, components, BY_ANNOTATION)
            text = "the input has no OTelConfig, which lists the components of the platform"
            if self.configuration.config_given:
                text = "no platform component in the OTelConfig has match_labels that fit this workload"
        elif classes := _distinct(self.by_name.get((namespace, name), ())):
            return _belongs(workload, classes, BY_ANNOTATION, path)
        elif namespaces := self.namespaces.get(name):
            where = " and ".join(in_namespace(other) for other in sorted(set(namespaces))[:3])
            text = f"the class {name} is {where}, but this workload is {in_namespace(namespace)}"
        elif renamed := self._by_renaming(workload, [name]):
            return renamed
        else:
            proposed = nearest_name(name, (n for space, n in self.by_name if space == namespace))
            text = f"no class {in_namespace(namespace)} has the name {name}"
            fix = f"did you mean {proposed}?" if proposed else ""
        location = Location(workload.resource.ref, path)
        warning = rules.CLASS_NOT_FOUND.at(location, text, fix=fix, current=name, proposed=proposed)
        return Match(rule=BY_ANNOTATION, results=(warning,), absent_class=name)

    def _components(self, workload: Workload) -> list[PlatformComponent]:
        return [
            component
            for component in self.configuration.platform_components
            # A component without labels would match every workload.
            if component.match_labels
            and (
                component.match_labels.items() <= workload.resource.labels.items()
                or component.match_labels.items() <= workload.template_labels.items()
            )
        ]

    def _belongs_to_platform(self, workload: Workload, components: list[PlatformComponent], rule: str) -> Match:
        if len(components) == 1:
            namespace = workload.resource.namespace or self.platform_namespace
            return Match(platform_class(self.configuration, namespace), components[0], rule)
        keys = " and ".join(sorted(component.key for component in components))
        fault = rules.PLATFORM_COMPONENT_AMBIGUOUS.at(
            workload.resource.ref,
            f"the labels of this workload fit the platform components {keys}",
            fix="give these components match_labels that only one of them has",
        )
        return Match(rule=rule, results=(fault,))

    def _by_upstream_name(self, workload: Workload) -> Iterator[OaasClass]:
        """Rule 4: classes by the names that upstream's CRM gives to the objects that it creates."""
        namespace = workload.resource.namespace
        containers = {container.name for container in workload.containers}
        for name in filter(None, workload.resource.names):
            for base in upstream.function_names(name):
                for oaas_class in self.by_spelling.get((namespace, base), ()):
                    if upstream.FUNCTION_CONTAINER in containers or upstream.runs_function(workload, oaas_class):
                        yield oaas_class
            if name.endswith(upstream.ODGM_SUFFIX) and upstream.ODGM_CONTAINER in containers:
                yield from self.by_spelling.get((namespace, name.removesuffix(upstream.ODGM_SUFFIX)), ())


def platform_namespace(items: Iterable[Item], configuration: Configuration) -> str:
    """The only namespace that components of the platform have; empty where there are several, or none."""
    if not configuration.platform_components:
        return ""
    matcher, namespaces = Matcher.of(configuration), set[str]()
    for item in items:
        if (item.group, item.kind) in KINDS and (resource := item.resource) and resource.namespace:
            workload = as_workload(resource, configuration)
            if workload is not None and matcher.match(workload).component is not None:
                namespaces.add(resource.namespace)
    return namespaces.pop() if len(namespaces) == 1 else ""


def platform_class(configuration: Configuration, namespace: str) -> OaasClass:
    """The pseudo-class of the platform's components in one namespace."""
    settings = configuration.platform
    return OaasClass(PLATFORM_CLASS, (PLATFORM_CLASS,), namespace, Ref(), (), settings, faulty=settings is None)


def _is_affix(prefix: str, suffix: str) -> bool:
    """Whether a build may have added these to a name; kustomize's are words with a dash by convention."""
    return bool(prefix or suffix) and prefix[-1:] in ("", "-", ".") and suffix[:1] in ("", "-", ".")


def _owners(workload: Workload) -> list[str]:
    """Names of the classes that the object's ownerReferences point to."""
    return [
        name
        for reference in items_of(workload.resource.node("metadata", "ownerReferences"))
        if (name := text_of(lookup(reference, "name")))
        and (text_of(lookup(reference, "apiVersion")) or "").rpartition("/")[0] == CLASS_GROUP
        and text_of(lookup(reference, "kind")) == CLASS_KIND
    ]


def _distinct(classes: Iterable[OaasClass]) -> list[OaasClass]:
    """Each class once, by namespace and name, also where the input has a ClassRuntime twice."""
    by_name: dict[tuple[str, str], OaasClass] = {}
    for oaas_class in classes:
        by_name.setdefault((oaas_class.namespace, oaas_class.name), oaas_class)
    return list(by_name.values())


def _belongs(workload: Workload, classes: list[OaasClass], rule: str, path: str = "") -> Match:
    """The only class, or an error where the rule holds for several."""
    if len(classes) == 1:
        return Match(classes[0], rule=rule)
    names = " and ".join(sorted(c.name for c in classes))
    if rule == BY_ANNOTATION:
        # Both had the name before kustomize renamed one of them; only the current names tell them apart.
        text, fix = f"the annotation names both {names}", "write a name that only one of these classes has or had"
    else:
        text, fix = f"the classes {names} match by {rule}", f"write the annotation {A_CLASS} with one of them"
    location = Location(workload.resource.ref, path or field_path("metadata", "annotations", A_CLASS))
    fault = rules.CLASS_AMBIGUOUS.at(location, text, fix=fix)
    return Match(rule=rule, results=(fault,), candidates=tuple(classes))


def in_namespace(name: str) -> str:
    """A namespace in a sentence."""
    return f"in namespace {name}" if name else "without a namespace"
