"""The identity of a container in telemetry: its service name and its resource attributes.

Sources: OpenTelemetry semantic conventions, `non-normative/k8s-attributes.md` (annotations, service.version,
service.instance.id) and `resource/k8s.md`; Kubernetes API, `EnvVar` (`$(VAR)` sees only earlier entries of `env`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from krm_otel import names
from krm_otel.config.settings import OaasClass, Origin, PlatformComponent, Settings
from krm_otel.config.types.telemetry import DEFAULT_TEMPLATE, LABEL
from krm_otel.dataclass import dataclass
from krm_otel.diagnostics.field_path import field_path
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.image_reference import parse_image
from krm_otel.inject import attributes
from krm_otel.inject.sdk.builder import ContainerBuilder
from krm_otel.inject.sdk.environment import ExistingVariable
from krm_otel.otlp import LONGEST_ATTRIBUTE, encode, encode_key
from krm_otel.workloads.containers import Container
from krm_otel.workloads.kinds import Workload
from krm_otel.workloads.sdk_profile import SPECIFICATION, NamedProfile
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
    """What the service name and the attributes of a container are derived from."""

    oaas_class: OaasClass
    settings: Settings
    workload: Workload
    container: Container
    role: Role
    component: PlatformComponent | None
    function_key: str | None
    """The key of the function that the container runs; None where that is not known."""
    sdk: NamedProfile = SPECIFICATION


@dataclass(frozen=True, slots=True)
class Attribute:
    """A resource attribute: its encoded value, or references to helpers (then `helpers` names them)."""

    value: str
    origin: Origin = _DERIVED
    helpers: tuple[str, ...] = ()


def add_identity(builder: ContainerBuilder, identity: Identity) -> str | None:
    """Adds service name and OTEL_RESOURCE_ATTRIBUTES to one container; the latter goes last.

    Returns:
        The service name, where variables say it; None where the attributes do.
    """
    existing = builder.existing.get(names.E_ATTRIBUTES)
    existing_keys = attributes.keys(existing.value) if existing and existing.value else []
    name = _add_service_name(builder, identity, existing_keys)
    _add_attributes(builder, _attributes(identity), existing, existing_keys)
    return name


def _add_service_name(builder: ContainerBuilder, identity: Identity, existing_keys: Sequence[str]) -> str | None:
    attribute = identity.settings.resource_attributes.get("service.name")
    further = identity.sdk.profile.service_name.variables
    if "service.name" in existing_keys or (attribute is not None and not further):
        return None
    name, origin, missing = (attribute.value, attribute.origin, []) if attribute else _service_name(identity)
    variables = (names.E_SERVICE_NAME, *further)
    # Not percent-encoded like attributes: the kubelet must not find anything to expand in it.
    value = name.replace("$", "$$")
    if (written := _written(builder, variables)) is not None:
        value, origin, missing = written, _DERIVED, []
    for variable in variables:
        if builder.set(variable, value, origin) and missing and variable == names.E_SERVICE_NAME:
            text = f"the workload has no label {listed(missing)}, so the service name is {name}"
            builder.report(rules.SERVICE_NAME_LABEL_ABSENT.at(builder.location(), text))
    return name


def _written(builder: ContainerBuilder, variables: Iterable[str]) -> str | None:
    """The service name that the manifest has in one variable: the others follow it, so that all signals have one."""
    existing = (builder.existing.get(variable) for variable in variables)
    return next((one.value for one in existing if one and one.mergeable and one.value), None)


def _add_attributes(
    builder: ContainerBuilder,
    pairs: dict[str, Attribute],
    existing: ExistingVariable | None,
    existing_keys: list[str],
) -> None:
    if existing is None:
        _set_attributes(builder, pairs)
        return
    text = existing.value or ""
    for key, length in attributes.too_long(text).items():
        _report_length(builder, key, length, existing.path)
    if fault := attributes.malformed(text):
        message = f"{names.E_ATTRIBUTES} is set in the manifest, and {fault}, so nothing is added: "
        message += "SDKs may drop all of it"
        fix = "write key=value pairs with commas between them, %3D for a = and %25 for a % in a value"
        builder.report(rules.ATTRIBUTES_MALFORMED.at(builder.location(existing.path), message, fix=fix))
        builder.keep(names.E_ATTRIBUTES)
    elif existing.mergeable and not attributes.has_unknown_parts(text):
        _extend_attributes(builder, existing, existing_keys, pairs)
    else:
        builder.keep(names.E_ATTRIBUTES)


def _check_lengths(builder: ContainerBuilder, pairs: dict[str, Attribute]) -> None:
    for key, attribute in pairs.items():
        length = max(len(encode_key(key)), len(attribute.value))
        if length > LONGEST_ATTRIBUTE and not attribute.helpers:
            _report_length(builder, key, length)


def _report_length(builder: ContainerBuilder, key: str, length: int, path: str = "") -> None:
    text = f"the attribute {key} has {length} characters in {names.E_ATTRIBUTES}, and SDKs for JavaScript drop "
    text += f"the whole variable at more than {LONGEST_ATTRIBUTE}"
    builder.report(rules.ATTRIBUTE_TOO_LONG.at(builder.location(path), text, fix="shorten it, or leave it out"))


def _set_attributes(builder: ContainerBuilder, pairs: dict[str, Attribute]) -> None:
    for attribute in pairs.values():
        for helper in attribute.helpers:
            builder.helper(helper, {"fieldRef": {"fieldPath": _DOWNWARD[helper]}}, _DERIVED)
    if pairs:
        text = attributes.join({key: attribute.value for key, attribute in pairs.items()})
        _check_lengths(builder, pairs)
        # The value as a whole has the first origin that is a source.
        origin = next((a.origin for a in pairs.values() if a.origin.source != "default"), _DERIVED)
        builder.set(names.E_ATTRIBUTES, text, origin)


def _extend_attributes(
    builder: ContainerBuilder, existing: ExistingVariable, existing_keys: list[str], pairs: dict[str, Attribute]
) -> None:
    literal = {key: attribute.value for key, attribute in pairs.items() if not attribute.helpers}
    added = [key for key in literal if key not in existing_keys]
    _check_lengths(builder, {key: pairs[key] for key in added})
    text = f"{names.E_ATTRIBUTES} is set in the manifest: its keys are kept"
    text += f", {', '.join(added)} added" if added else ", nothing is added"
    if omitted := [key for key, attribute in pairs.items() if attribute.helpers and key not in existing_keys]:
        text += f"; {', '.join(omitted)} not added, because they need variables in front of it"
    builder.extend_attributes(existing, literal if added else {}, text)


def _service_name(identity: Identity) -> tuple[str, Origin, list[str]]:
    """The service name, its origin, and the labels that it should come from but that the workload lacks."""
    annotation = names.A_RESOURCE_PREFIX + "service.name"
    for value, path in reversed(identity.workload.annotation(annotation)):
        return value, Origin("annotation", path), []
    settings, oaas_class, component = identity.settings, identity.oaas_class, identity.component
    if component is not None:
        return component.service_name, Origin("OTelConfig", f"spec.platform.components.{component.key}"), []
    if settings.service_name is not None:
        suffix = "-odgm" if identity.role == "odgm" else ""
        return settings.service_name.value + suffix, settings.service_name.origin, []
    values = {
        "class": oaas_class.name,
        "class_key": oaas_class.key,
        "container": identity.container.name,
        "function_key": identity.function_key or identity.container.name,
        "workload": identity.workload.resource.name,
        "namespace": oaas_class.namespace or "default",
    }
    templates, missing = settings.service_name_template, []
    for template in templates.value:
        keys = re.findall(rf"\{{{LABEL}([^{{}}]*)\}}", template) if LABEL in template else []
        labels = {key: identity.workload.label(key) for key in keys}
        if absent := [key for key, found in labels.items() if not found]:
            missing += absent
            continue
        # On the pod template before the object: what the pod has.
        values |= {f"{LABEL}{key}": found[-1][0] for key, found in labels.items()}
        return _filled(template, values), templates.origin, []
    return _filled(DEFAULT_TEMPLATE, values), templates.origin, list(dict.fromkeys(missing))


def _filled(template: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([^{}]*)\}", lambda match: values[match[1]], template)


def _attributes(identity: Identity) -> dict[str, Attribute]:
    """Key → attribute, in the order of the text; later sources override the value in its place."""
    groups = identity.settings.attributes.value
    pairs = {"deployment.name": Attribute(encode(identity.oaas_class.name))}
    if groups.service:
        pairs |= _service(identity)
    if groups.oaas:
        pairs |= {key: Attribute(encode(value)) for key, value in identity.oaas_class.attributes.items()}
        if identity.role == "function" and (key := identity.function_key):
            pairs["oaas.function_key"] = Attribute(encode(key))
    if groups.k8s:
        pairs |= _kubernetes(identity)
    for key in groups.drop:
        pairs.pop(key, None)
    for key, sourced in identity.settings.resource_attributes.items():
        pairs[key] = Attribute(encode(str(sourced.value)), sourced.origin)
    return pairs | _annotated(identity.workload)


def _annotated(workload: Workload) -> dict[str, Attribute]:
    """The attributes of all `resource.opentelemetry.io/<key>` annotations except the service's name."""
    pairs = {}
    for name in [*workload.resource.annotations, *workload.template_annotations]:
        key = name.removeprefix(names.A_RESOURCE_PREFIX)
        if name.startswith(names.A_RESOURCE_PREFIX) and key and key != "service.name":
            for value, path in workload.annotation(name)[-1:]:
                pairs[key] = Attribute(encode(value), Origin("annotation", path))
    return pairs


def _service(identity: Identity) -> dict[str, Attribute]:
    pairs = _namespace(identity.workload, "service.namespace")
    if version := _version(identity):
        pairs["service.version"] = version
    if identity.workload.kind.downward_api:
        # <k8s.namespace.name>.<k8s.pod.name>.<k8s.container.name>
        helpers = (names.E_NAMESPACE, names.E_POD_NAME)
        instance = ".".join([*map(attributes.reference, helpers), encode(identity.container.name)])
        pairs["service.instance.id"] = Attribute(instance, helpers=helpers)
    return pairs


def _version(identity: Identity) -> Attribute | None:
    """From the label `app.kubernetes.io/version`; from the image on request. An annotation overrides both."""
    for value, path in reversed(identity.workload.label(names.L_VERSION)):
        return Attribute(encode(value), Origin("label", path))
    if identity.settings.attributes.value.version_from_image:
        image = parse_image(identity.container.image)
        if text := "@".join(filter(None, (image.tag, image.digest))):
            return Attribute(encode(text), Origin("image", field_path(*identity.container.path, "image")))
    return None


def _kubernetes(identity: Identity) -> dict[str, Attribute]:
    pairs = _namespace(identity.workload, "k8s.namespace.name")
    key, name = identity.workload.kind.name_attribute, identity.workload.resource.name
    if key and name and not identity.settings.names_may_change:
        pairs[key] = Attribute(encode(name))
    if identity.workload.kind.downward_api:
        pairs["k8s.pod.name"] = _reference(names.E_POD_NAME)
        pairs["k8s.pod.uid"] = _reference(names.E_POD_UID)
        pairs["k8s.node.name"] = _reference(names.E_NODE_NAME)
    pairs["k8s.container.name"] = Attribute(encode(identity.container.name))
    return pairs


def _namespace(workload: Workload, key: str) -> dict[str, Attribute]:
    """The namespace that the pod runs in, where the kind has the downward API; otherwise the written one, if any."""
    if workload.kind.downward_api:
        return {key: _reference(names.E_NAMESPACE)}
    written = workload.resource.namespace
    return {key: Attribute(encode(written))} if written else {}


def _reference(helper: str) -> Attribute:
    return Attribute(attributes.reference(helper), helpers=(helper,))
