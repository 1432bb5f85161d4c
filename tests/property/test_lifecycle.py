"""Packages that change step by step, each time rendered on the earlier output, as GitOps does.

After each step: the output is what a fresh render of the source gives (but for the order of what is generated), running
again changes nothing, `uninject` gives the source, and what is none of our business is as it was.
"""

from __future__ import annotations

import os

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from krm_otel.run import Outcome, Source, run
from tests.property.packages import Item, Package, Workload, edited, split
from tests.property.test_manifests import SETTINGS

EXAMPLES = int(os.environ.get("LIFECYCLE_EXAMPLES", "25"))
"""A long run: `LIFECYCLE_EXAMPLES=1000 make test` takes 30,000 steps and more."""
STEPS = 30

ENDPOINTS = ("http://a:4317", "http://b:4318")
COLLECTORS = (
    "mode: sidecar, exporters: {traces: debug, metrics: debug, logs: debug}",
    "mode: sidecar, exporters: {traces: tempo, metrics: debug, logs: debug}",
    "mode: deployment, exporters: {traces: debug, metrics: debug, logs: debug}",
    "mode: deployment, exporters: {traces: [tempo, debug], metrics: 'http://m:4317', logs: tempo}",
    "mode: daemonset",
    "mode: external, endpoint: 'http://a:4317'",
    "mode: external, endpoint: 'http://b:4318'",
    "endpoint: 'http://c:4317'",
)
TELEMETRY = (
    "sampling_rate: 0.1",
    "sampling_rate: 0.2, logs: true",
    "traces: false, metrics: false",
    "metrics: false, service_name: own-name",
    "resource_attributes: {team: 'a,b', deployment.name: other}",
    "protocol: http",
)
CONFIGS = {
    "adopt": ("false", "true"),
    "status": ("results-only", "write"),
    "enabled": ("true", "false"),
    "backends": ("{tempo: {endpoint: 'http://tempo:4317'}}", "{tempo: {type: tempo, endpoint: 'https://t:4318'}}"),
    "collector": (
        "{daemonset: {manage: true}, exporters: {traces: tempo, metrics: debug, logs: debug}}",
        "{daemonset: {manage: false}}",
        "{daemonset: {manage: false}, replicas: 2, image_registry: mirror.example}",
        "{daemonset: {manage: false}, queue: {persistent: true}, native_sidecar: false}",
        "{daemonset: {manage: false}, batch: {timeout: 1s}, pod: {image_pull_secrets: [mirror]}}",
    ),
}
NAMES = ("a", "b", "c")
IMAGES = ("acme/f:1", "acme/f:2", "acme/g@sha256:" + "0" * 64)


class Lifecycle(RuleBasedStateMachine):
    """Steps that people take, and what has to hold after each."""

    def __init__(self) -> None:
        super().__init__()
        self.package = Package()
        self.before: list[Item] = []
        self.output = ""
        self.next = 0

    @initialize()
    def start(self) -> None:
        self.package.config = {key: values[0] for key, values in CONFIGS.items() if key != "enabled"}
        self.package.classes = {"a": block(COLLECTORS[0], TELEMETRY[0]), "b": ""}
        self.package.workloads = {0: Workload("w0", "Deployment", "a", {"function": IMAGES[0]})}
        self.next = 1
        self.output = self.package.text()
        self.before = self.package.items()

    # --- steps ---

    @rule(name=st.sampled_from(NAMES), collector=st.sampled_from(COLLECTORS), telemetry=st.sampled_from(TELEMETRY))
    def set_block(self, name: str, collector: str, telemetry: str) -> None:
        """Modes, endpoints, signals, names: a class is there, on, and says this."""
        self.package.classes[name] = block(collector, telemetry)

    @rule(name=st.sampled_from(NAMES))
    def disable(self, name: str) -> None:
        if name in self.package.classes:
            self.package.classes[name] = "observability: {enabled: false}"

    @rule(name=st.sampled_from(NAMES))
    def remove_block(self, name: str) -> None:
        if name in self.package.classes:
            self.package.classes[name] = ""

    @rule(name=st.sampled_from(NAMES))
    def delete_class(self, name: str) -> None:
        self.package.classes.pop(name, None)

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES), along=st.booleans())
    def rename_class(self, old: str, new: str, along: bool) -> None:
        """With its workloads, or without them."""
        if old in self.package.classes and new not in self.package.classes:
            self.package.classes[new] = self.package.classes.pop(old)
            for workload in self.package.workloads.values() if along else ():
                workload.owner = new if workload.owner == old else workload.owner

    @rule(key=st.sampled_from(sorted(CONFIGS)), data=st.data())
    def configure(self, key: str, data: st.DataObject) -> None:
        """The OTelConfig, its global switch too; backends stay, since classes name them."""
        value = data.draw(st.sampled_from((*CONFIGS[key], "")) if key == "enabled" else st.sampled_from(CONFIGS[key]))
        self.package.config.pop(key, None)
        if value:
            self.package.config[key] = value

    @rule(off=st.booleans())
    def switch(self, off: bool) -> None:
        self.package.environ = {"OPRC_CRM_FEATURES_OTEL": "false"} if off else {}

    @rule(
        kind=st.sampled_from(("Deployment", "Deployment", "Job", "Service")),
        owner=st.sampled_from(NAMES),
        own=st.booleans(),
        annotated=st.booleans(),
    )
    @precondition(lambda self: len(self.package.workloads) < 4)
    def add_workload(self, kind: str, owner: str, own: bool, annotated: bool) -> None:
        containers = {"function": IMAGES[0]}
        workload = Workload(f"w{self.next}", kind, owner, containers, own_attributes=own, annotated=annotated)
        self.package.workloads[self.next] = workload
        self.next += 1

    @rule(data=st.data())
    @precondition(lambda self: self.package.workloads)
    def remove_workload(self, data: st.DataObject) -> None:
        del self.package.workloads[data.draw(st.sampled_from(sorted(self.package.workloads)))]

    @rule(data=st.data(), owner=st.sampled_from(NAMES))
    @precondition(lambda self: self.package.workloads)
    def move_workload(self, data: st.DataObject, owner: str) -> None:
        self.drawn(data).owner = owner

    @rule(data=st.data())
    @precondition(lambda self: self.package.workloads)
    def opt_out_or_in(self, data: st.DataObject) -> None:
        workload = self.drawn(data)
        if workload.annotated:  # an `annotations:` that comes where we already made one is no line-by-line edit
            workload.opted_out = not workload.opted_out

    @rule(data=st.data(), image=st.sampled_from(IMAGES))
    @precondition(lambda self: self.package.workloads)
    def change_image(self, data: st.DataObject, image: str) -> None:
        workload = self.drawn(data)
        workload.containers[next(iter(workload.containers))] = image

    @rule(data=st.data())
    @precondition(lambda self: self.package.workloads)
    def add_or_remove_container(self, data: st.DataObject) -> None:
        """In front of the others: behind them our own lists may stand."""
        workload = self.drawn(data)
        if workload.kind == "Service":
            return
        if "extra" in workload.containers:
            del workload.containers["extra"]
        else:
            workload.containers = {"extra": IMAGES[1], **workload.containers}

    def drawn(self, data: st.DataObject) -> Workload:
        return self.package.workloads[data.draw(st.sampled_from(sorted(self.package.workloads)))]

    # --- what holds ---

    @invariant()
    def holds(self) -> None:
        if not self.before:
            return
        environ = self.package.environ
        source = self.package.text()
        fresh = function(source, environ)
        now = function(edited(self.output, self.before, self.package), environ)
        assert now.exit_code == fresh.exit_code
        if fresh.exit_code:
            # Jobs with an ordinary sidecar, and the like: nothing is written, and the next step starts from before.
            return
        out, wanted = text_of(now), text_of(fresh)
        count = len(self.package.items())
        assert split(out)[:count] == split(wanted)[:count]
        assert sorted(split(out)[count:]) == sorted(split(wanted)[count:])
        assert [result.to_dict() for result in now.results] == [result.to_dict() for result in fresh.results]
        assert text_of(function(out, environ)) == out
        assert text_of(function(out, environ, remove=True)) == source
        self.output, self.before = out, self.package.items()


def block(collector: str, telemetry: str) -> str:
    return f"observability:\n  enabled: true\n  telemetry: {{{telemetry}}}\n  collector: {{{collector}}}"


def function(text: str, environ: dict[str, str], *, remove: bool = False) -> Outcome:
    return run([Source(text.encode())], environ, remove=remove)


def text_of(outcome: Outcome) -> str:
    (text,) = outcome.texts
    assert text is not None
    return text


TestLifecycle = Lifecycle.TestCase
# A walk does not shrink well: it takes minutes to lose a few steps.
TestLifecycle.settings = settings(SETTINGS, max_examples=EXAMPLES, stateful_step_count=STEPS, phases=[Phase.generate])
