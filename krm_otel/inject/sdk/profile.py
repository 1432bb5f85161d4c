"""What an SDK profile changes for one container: switches of its own, and settings that the SDK cannot express.

A profile decides about spelling and choice of variables, never about what the user asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from krm_otel import names
from krm_otel.config.schema.sdk import SdkProfile, SwitchVariables
from krm_otel.config.settings import Endpoint, Settings, Sourced
from krm_otel.config.settings.sdk_profiles import OAAS_RS, PROFILES
from krm_otel.config.types.endpoint import endpoint_of_signal
from krm_otel.dataclass import dataclass, replace
from krm_otel.diagnostics.rules import sdk_variables as rules
from krm_otel.diagnostics.suggestion import listed
from krm_otel.image_reference import parse_image
from krm_otel.inject.sdk.builder import ContainerBuilder
from krm_otel.otlp import SIGNALS, decimal, exporter_variable, signal_variable
from krm_otel.regex import fits
from krm_otel.workloads.sdk_profile import NamedProfile

_BY_CRM: Final = PROFILES[OAAS_RS].switches.replaced(metrics=SwitchVariables())
"""The switches that upstream's CRM writes into containers of every kind."""
_ABOVE_INFO: Final = ("warn", "error", "off", "2", "1", "0")
_BAGGAGE: Final = "baggage"
_W3C: Final = "tracecontext"
_RATIO: Final = "traceidratio"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where an SDK sends: the general endpoint, those of single signals, and signals that reach neither of theirs."""

    general: Sourced[Endpoint] | None
    own: Mapping[str, Sourced[Endpoint]]
    lost: tuple[str, ...] = ()


def destinations(settings: Settings, profile: SdkProfile) -> Destinations:
    """The endpoints of a class, as far as the SDK reads them.

    Signals whose own endpoint is not read share the general one, which is then that of the first of them. Where the
    general one is not read, each signal has its own.
    """
    own, general = settings.exporters, settings.endpoint
    sent = [signal for signal in SIGNALS if settings.signal(signal).value]
    shared = [signal for signal in sent if not profile.does_read(signal_variable(names.E_ENDPOINT, signal))]
    if general is not None and not profile.does_read(names.E_ENDPOINT):
        alone = {signal: _of_signal(general, signal) for signal in sent if signal not in shared}
        return Destinations(general, {**alone, **own})
    if not any(signal in own for signal in shared):
        return Destinations(general, own)
    targets = {signal: target for signal in sent if (target := own.get(signal) or general) is not None}
    first = next(targets[signal] for signal in shared if signal in targets)
    apart = {signal: target for signal, target in targets.items() if target.value != first.value or signal in own}
    lost = tuple(signal for signal in shared if signal in targets and targets[signal].value != first.value)
    return Destinations(first, apart, lost)


def _of_signal(general: Sourced[Endpoint], signal: str) -> Sourced[Endpoint]:
    """The general endpoint as that of one signal, which SDKs use as it is."""
    target = general.value
    url = endpoint_of_signal(target.url, signal) if target.protocol == "http" else target.url
    return general.with_value(replace(target, url=url))


def own_variables(sdk: NamedProfile) -> frozenset[str]:
    """The variables that a profile adds to those of the specification, and those that upstream's CRM writes."""
    switches = (one.of(signal) for one in (sdk.profile.switches, _BY_CRM) for signal in SIGNALS)
    switched = (name for switch in switches for name in (*switch.enabled, *switch.disabled))
    return frozenset((*switched, *sdk.profile.service_name.variables))


def add_switches(builder: ContainerBuilder, settings: Settings, sdk: NamedProfile) -> None:
    """Adds the profile's own switches of signals, and takes over those of upstream's CRM where that is asked for."""
    wanted: dict[str, tuple[str, Sourced[bool]]] = {}
    for signal in SIGNALS:
        switch = settings.signal(signal)
        own, by_crm = (_of(one.of(signal), switch.value) for one in (sdk.profile.switches, _BY_CRM))
        taken_over = {name: value for name, value in by_crm.items() if name in builder.adoptable}
        for name, value in {**taken_over, **own}.items():
            if switch.value or name not in wanted:  # of signals with one switch, one that is on decides
                wanted[name] = value, switch
    for name, (value, switch) in wanted.items():
        builder.set(name, value, switch.origin)


def _of(switch: SwitchVariables, is_on: bool) -> Mapping[str, str]:
    return switch.enabled if is_on else switch.disabled


def add_sampler(builder: ContainerBuilder, settings: Settings, sdk: NamedProfile) -> None:
    """Adds the sampler, with the rate where the SDK samples by it."""
    stage, rate = settings.sampling_stage, settings.sampling_rate
    sampler = sdk.profile.sampler(stage.value)
    if builder.set(names.E_SAMPLER, sampler, stage.origin) and sampler.endswith(_RATIO):
        builder.set(names.E_SAMPLER_ARG, decimal(rate.value), rate.origin)
    existing, known = builder.existing.get(names.E_SAMPLER), sdk.profile.samplers.known
    if existing and existing.value and known and existing.value.lower() not in known:
        text = f"{names.E_SAMPLER} is {existing.value}, which the SDK (profile {sdk.name}) does not know"
        if meaning := sdk.profile.samplers.unknown:
            text += f" and reads as {meaning}"
        where = builder.location(existing.path)
        result = rules.SDK_SAMPLER_UNKNOWN.at(
            where, text, fix=f"write {sampler}", current=existing.value, proposed=sampler
        )
        builder.report(result)


def check_profile(builder: ContainerBuilder, settings: Settings, sdk: NamedProfile) -> None:
    """Reports what the class asks for and the SDK cannot express, apart from the service name."""
    for text, fix in _unexpressed(builder, settings, sdk.profile):
        report_unexpressed(builder, sdk, text, fix)
    for name in sdk.profile.span_filters if settings.traces.value else ():
        existing = builder.existing.get(name)
        if existing and _hides_spans(existing.value or ""):
            text = (
                f"{name} is {existing.value}, and the SDK (profile {sdk.name}) filters spans by it, so there are none"
            )
            where, fix = builder.location(existing.path), "write info"
            result = rules.SDK_SPANS_FILTERED.at(where, text, fix=fix, current=existing.value, proposed="info")
            builder.report(result)


def check_service_name(builder: ContainerBuilder, sdk: NamedProfile, service_name: str | None) -> None:
    """Reports a service name that the SDK does not take; `service_name` is None where none is injected."""
    for text, fix in _service_name(builder, sdk.profile, service_name):
        report_unexpressed(builder, sdk, text, fix)


def _hides_spans(directives: str) -> bool:
    """Whether a filter of Rust's tracing lets no span through: each has the level info unless its code says another."""
    levels = [directive.rpartition("=")[2].strip().lower() for directive in directives.split(",") if directive.strip()]
    return bool(levels) and all(level in _ABOVE_INFO for level in levels)


def report_unexpressed(builder: ContainerBuilder, sdk: NamedProfile, text: str, fix: str) -> None:
    """Reports something that the SDK cannot express."""
    text = f"{builder.container.name} has the SDK profile {sdk.name}, which {text}"
    builder.report(rules.SDK_CANNOT_EXPRESS.at(builder.location(), text, fix=fix))


def _unexpressed(builder: ContainerBuilder, settings: Settings, profile: SdkProfile) -> Iterator[tuple[str, str]]:
    """What has no effect, and what to write."""
    for signal in (signal for signal in SIGNALS if settings.signal(signal).value):
        name = signal_variable(names.E_ENDPOINT, signal)
        if not profile.does_read(name) and not profile.does_read(names.E_ENDPOINT):
            yield f"reads neither {names.E_ENDPOINT} nor {name}, so {signal} have no endpoint", "write it into its code"
    switched_on = {
        name for signal in SIGNALS if settings.signal(signal).value for name in profile.switches.of(signal).enabled
    }
    for signal in SIGNALS:
        name, own = exporter_variable(signal), profile.switches.of(signal).disabled
        off = settings.any_signal and not settings.signal(signal).value
        if off and not profile.does_read(name) and switched_on.issuperset(own):
            why = (
                f"switches {signal} together with another signal ({listed(own, 'and')})" if own else f"reads no {name}"
            )
            yield f"{why}, so {signal} are sent all the same", f"write telemetry.{signal}: true"
    rate, samples = settings.sampling_rate.value, settings.sampling_stage.value != "collector"
    if settings.traces.value and samples and rate < 1 and not profile.does_read(names.E_SAMPLER):
        text = f"reads no {names.E_SAMPLER}, so the rate {decimal(rate)} has no effect"
        yield text, "write collector.sampling_stage: collector"
    known = profile.propagators or ("none",)
    asked = ["w3c" if one == _W3C else one for one in settings.propagators.value if one not in (_BAGGAGE, *known)]
    if asked and not profile.does_read(names.E_PROPAGATORS):
        fix = "write propagators: [w3c]" if _W3C in known else "write propagators: [none]"
        yield f"reads no {names.E_PROPAGATORS}, so {_without_effect(asked)}", fix
    if settings.resource_attributes and not profile.does_read(names.E_ATTRIBUTES):
        text = f"reads no {names.E_ATTRIBUTES}, so {_without_effect(settings.resource_attributes)}"
        yield text, "add what you need by a resource processor in collector.processors"
    for name in (name for name in settings.env if not profile.does_read(name)):
        yield f"reads no {name}, so telemetry.env.{name} has no effect", "leave it out for this class"
    for name in builder.added(names.E_CERTIFICATE, names.E_CLIENT_CERTIFICATE, names.E_HEADERS):
        if not profile.does_read(name):
            yield f"reads no {name}, so the endpoint refuses it", "name an endpoint that needs none"


def _without_effect(words: Collection[str]) -> str:
    return f"{listed(words, 'and')} {'have' if len(words) > 1 else 'has'} no effect"


def _service_name(
    builder: ContainerBuilder, profile: SdkProfile, service_name: str | None
) -> Iterator[tuple[str, str]]:
    repository = parse_image(builder.container.image).repository
    fixed = next((name for image, name in profile.service_name.fixed.items() if fits(repository, image)), None)
    if fixed is not None and service_name not in (None, fixed):
        yield (
            f"has the service name {fixed} in its code, so {service_name} has no effect",
            f"write service_name: {fixed}",
        )
    elif service_name and not profile.does_read(names.E_SERVICE_NAME) and not profile.service_name.variables:
        yield f"reads no {names.E_SERVICE_NAME}, so {service_name} has no effect", "name the service in its code"
