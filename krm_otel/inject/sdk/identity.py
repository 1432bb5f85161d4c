"""Who a container is: its service name and its resource attributes.

Sources: OpenTelemetry semantic conventions, `non-normative/k8s-attributes.md` (annotations, service.version,
service.instance.id); Kubernetes API, `EnvVar` (`$(VAR)` sees only what stands earlier in `env`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from krm_otel import names
from krm_otel.config.settings import OaasClass, Origin, PlatformComponent, Settings
from krm_otel.diagnostics.field_path import field_path
from krm_otel.image_reference import parse_image
from krm_otel.inject.sdk import attributes
from krm_otel.inject.sdk.builder import Wanted
from krm_otel.otlp import encode
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.match import function_key
from krm_otel.workloads.select import Role

_DOWNWARD: Final = {
    names.E_NAMESPACE: "metadata.namespace",
    names.E_POD_NAME: "metadata.name",
    names.E_POD_UID: "metadata.uid",
    names.E_NODE_NAME: "spec.nodeName",
}
_DERIVED: Final = Origin("default", "derived")


@dataclass(frozen=True, slots=True)
class Identity:
    """What the identity of a container is derived from."""

    oaas_class: OaasClass
    settings: Settings
    workload: Workload
    role: Role
    component: PlatformComponent | None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One resource attribute: its encoded value, or references to helpers (then `helpers` names them)."""

    value: str
    origin: Origin
    helpers: tuple[str, ...] = ()


def want_identity(wanted: Wanted, identity: Identity) -> None:
    """OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES for one container; the latter goes last."""
    own = wanted.present.get(names.E_ATTRIBUTES)
    settings = identity.settings
    own_keys = attributes.keys(own.value) if own and own.value else []
    if "service.name" not in own_keys and "service.name" not in settings.resource_attributes:
        name, origin = _service_name(wanted, identity)
        # Not percent-encoded like attributes: the kubelet must find nothing to expand in it.
        wanted.set(names.E_SERVICE_NAME, name.replace("$", "$$"), origin)
    pairs = _attributes(wanted, identity)
    if own is None:
        for attribute in pairs.values():
            for helper in attribute.helpers:
                wanted.helper(helper, {"fieldRef": {"fieldPath": _DOWNWARD[helper]}}, _DERIVED)
        if pairs:
            text = attributes.join({key: attribute.value for key, attribute in pairs.items()})
            wanted.set(names.E_ATTRIBUTES, text, _origin(pairs))
        return
    if own.index is None or own.value is None or not own.mergeable:
        wanted.keeps(names.E_ATTRIBUTES)
        return
    literal = {key: attribute.value for key, attribute in pairs.items() if not attribute.helpers}
    added = [key for key in literal if key not in own_keys]
    message = f"{names.E_ATTRIBUTES} is set in the manifest: its keys are kept"
    message += f", {', '.join(added)} added" if added else ", nothing is added"
    if left := [key for key, attribute in pairs.items() if attribute.helpers and key not in own_keys]:
        message += f"; {', '.join(left)} would need variables that stand before it"
    wanted.say("attributes-merged", "info", message, own.path)
    wanted.kept.append(names.E_ATTRIBUTES)
    if added:
        wanted.merge = (own.index, literal)


def _origin(pairs: dict[str, Attribute]) -> Origin:
    """Where the value as a whole came from: the first source that is not derivation."""
    return next((pair.origin for pair in pairs.values() if pair.origin.source != "default"), _DERIVED)


def _service_name(wanted: Wanted, identity: Identity) -> tuple[str, Origin]:
    annotation = names.A_RESOURCE_PREFIX + "service.name"
    for value, path in reversed(identity.workload.annotation(annotation)):
        return value, Origin("annotation", path)
    settings, oaas_class = identity.settings, identity.oaas_class
    if identity.component is not None:
        return identity.component.service_name, Origin(
            "OTelConfig", f"spec.platform.components.{identity.component.key}"
        )
    if settings.service_name is not None:
        suffix = "-odgm" if identity.role == "odgm" else ""
        return settings.service_name.value + suffix, settings.service_name.origin
    container = wanted.container.name
    values = {
        "class": oaas_class.name,
        "container": container,
        "function_key": function_key(identity.workload, wanted.container, oaas_class) or container,
        "workload": identity.workload.resource.name,
        "namespace": oaas_class.namespace or "default",
    }
    text = settings.service_name_template.value
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text, settings.service_name_template.origin


def _attributes(wanted: Wanted, identity: Identity) -> dict[str, Attribute]:
    """Key → attribute in the order in which they are written; later sources override, in place."""
    groups = identity.settings.attributes.value
    found: dict[str, Attribute] = {"deployment.name": Attribute(_encoded(identity.oaas_class.name), _DERIVED)}
    if groups.service:
        found |= _service(wanted, identity)
    if groups.oaas:
        found["oaas.class"] = Attribute(_encoded(identity.oaas_class.name), _DERIVED)
        key = (
            function_key(identity.workload, wanted.container, identity.oaas_class)
            if identity.role == "function"
            else None
        )
        if key:
            found["oaas.function_key"] = Attribute(_encoded(key), _DERIVED)
    if groups.k8s:
        found |= _kubernetes(wanted, identity)
    for key in groups.drop:
        found.pop(key, None)
    for key, sourced in identity.settings.resource_attributes.items():
        found[key] = Attribute(_encoded(sourced.value), sourced.origin)
    for key, value, path in _annotated(identity.workload):
        found[key] = Attribute(_encoded(value), Origin("annotation", path))
    return found


def _annotated(workload: Workload) -> list[tuple[str, str, str]]:
    """(key, value, field path) of every `resource.opentelemetry.io/<key>` annotation but the service's name."""
    written = dict.fromkeys([*workload.resource.annotations, *workload.template_annotations])
    found = []
    for name in written:
        key = name.removeprefix(names.A_RESOURCE_PREFIX)
        if name.startswith(names.A_RESOURCE_PREFIX) and key and key != "service.name":
            for value, path in workload.annotation(name)[-1:]:
                found.append((key, value, path))
    return found


def _service(wanted: Wanted, identity: Identity) -> dict[str, Attribute]:
    workload = identity.workload
    found: dict[str, Attribute] = {}
    namespace = _namespace(workload)
    if namespace:
        found["service.namespace"] = namespace
    if version := _version(wanted, identity):
        found["service.version"] = version
    if workload.kind.downward_api:
        # <k8s.namespace.name>.<k8s.pod.name>.<k8s.container.name>
        space, pod = (attributes.reference(name) for name in (names.E_NAMESPACE, names.E_POD_NAME))
        instance = f"{space}.{pod}.{_encoded(wanted.container.name)}"
        found["service.instance.id"] = Attribute(instance, _DERIVED, (names.E_NAMESPACE, names.E_POD_NAME))
    return found


def _version(wanted: Wanted, identity: Identity) -> Attribute | None:
    """From the label `app.kubernetes.io/version`; from the image on request. The annotation overrides both later."""
    for value, path in reversed(identity.workload.label(names.L_VERSION)):
        return Attribute(_encoded(value), Origin("label", path))
    if identity.settings.attributes.value.version_from_image:
        image = parse_image(wanted.container.image)
        if text := "@".join(part for part in (image.tag, image.digest) if part):
            return Attribute(_encoded(text), Origin("image", field_path(*wanted.container.path, "image")))
    return None


def _kubernetes(wanted: Wanted, identity: Identity) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    if namespace := _namespace(identity.workload):
        found["k8s.namespace.name"] = namespace
    if identity.workload.kind.downward_api:
        for key, helper in (
            ("k8s.pod.name", names.E_POD_NAME),
            ("k8s.pod.uid", names.E_POD_UID),
            ("k8s.node.name", names.E_NODE_NAME),
        ):
            found[key] = Attribute(attributes.reference(helper), _DERIVED, (helper,))
    found["k8s.container.name"] = Attribute(_encoded(wanted.container.name), _DERIVED)
    return found


def _namespace(workload: Workload) -> Attribute | None:
    """The namespace that the pod really runs in, where the kind lets it be asked; else the one that is written."""
    if workload.kind.downward_api:
        return Attribute(attributes.reference(names.E_NAMESPACE), _DERIVED, (names.E_NAMESPACE,))
    written = workload.resource.namespace
    return Attribute(_encoded(written), _DERIVED) if written else None


def _encoded(value: Any) -> str:
    return encode(str(value))
