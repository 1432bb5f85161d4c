"""Packages that change step by step, each time rendered on the earlier output, as GitOps does.

After each step: the output is what a fresh render of the source gives (but for the order of what is generated), running
again changes nothing, `uninject` gives the source, and what is none of our business is as it was.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml
from hypothesis import Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from krm_otel.diagnostics.rules.collector import EDIT_OVERWRITTEN
from krm_otel.names import A_RECORD
from krm_otel.run import Outcome, Source, run
from tests.property.check import SETTINGS
from tests.property.packages import FAULTY_CONTAINER, Item, Package, Workload, edited, split

EXAMPLES = int(os.environ.get("LIFECYCLE_EXAMPLES", "25"))
"""A long run: `LIFECYCLE_EXAMPLES=400 make test` takes 12,000 steps and more."""
STEPS = 30

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
FAULTY = (
    "observability: {enabled: true, telemetry: {sampling_rate: lots}}",
    "observability: {enabled: true, collector: {mode: agent}}",
    "observability: {enabeld: true}",
)
CONFIGS = {
    "adopt": ("false", "true"),
    "status": ("results-only", "write"),
    "enabled": ("true", "false"),
    "dashboards": ("{enabled: false}", "{}", "{folder: OaaS}"),
    "rules": ("{enabled: false}", "{}", "{format: config_map, interval: 30s}"),
    "monitors": ("{enabled: false}", "{}", "{labels: {release: p}}"),
    "on_error": ("fail", "degrade"),
    "prune": ("true", "false"),
    "merge_crd": ("false", "true"),
    "classes": ("{b: {enabled: true, collector: {mode: deployment, exporters: {traces: tempo}}}}", "{}"),
    "backends": ("{tempo: {endpoint: 'http://tempo:4317'}}", "{tempo: {type: otlp, endpoint: 'https://t:4318'}}"),
    "collector": (
        "{daemonset: {manage: true}, exporters: {traces: tempo, metrics: 'http://m:4317', logs: tempo}}",
        "{daemonset: {manage: false}}",
        "{daemonset: {manage: false}, replicas: 2, image_registry: mirror.example}",
        "{daemonset: {manage: false}, queue: {persistent: true}, native_sidecar: false}",
        "{daemonset: {manage: false}, batch: {timeout: 1s}, pod: {image_pull_secrets: [mirror]}}",
    ),
}
AT_FIRST = ("adopt", "status", "on_error", "backends", "collector")
"""What the OTelConfig says before the first step; the rest comes and goes."""
NAMES = ("a", "b", "c")
IMAGES = ("acme/f:1", "acme/f:2", "acme/g@sha256:" + "0" * 64)
KINDS = ("Deployment", "Deployment", "StatefulSet", "Job", "CronJob", "Pod", "Service")
VARIABLE = re.compile(r'( +)- name: (OTEL_[A-Z_]+)\n +value: "([^"]*)"\n')
BLOCKS = st.builds(lambda *said: block(*said), st.sampled_from(COLLECTORS), st.sampled_from(TELEMETRY))


class Lifecycle(RuleBasedStateMachine):
    """Steps that people take, and what has to hold after each."""

    def __init__(self) -> None:
        super().__init__()
        self.package = Package()
        self.before: list[Item] = []
        self.output = ""
        self.next = 0
        self.settled = False
        """Whether the output is that of the source: no step since was refused."""

    @initialize(
        config=st.fixed_dictionaries({key: st.sampled_from(CONFIGS[key]) for key in AT_FIRST}),
        blocks=st.lists(BLOCKS, min_size=1, max_size=3),
        kinds=st.lists(st.sampled_from(KINDS), max_size=3),
    )
    def start(self, config: dict[str, str], blocks: list[str], kinds: list[str]) -> None:
        self.package.config = config
        self.package.classes = dict(zip(NAMES, blocks, strict=False))
        for number, kind in enumerate(kinds):
            owner = NAMES[number % len(blocks)]
            self.package.workloads[number] = Workload(f"w{number}", kind, owner, {"function": IMAGES[0]})
        self.next = len(kinds)
        self.output = self.package.text()
        self.before = self.package.items()

    # --- steps in the source ---

    @rule(name=st.sampled_from(NAMES), said=BLOCKS)
    def set_block(self, name: str, said: str) -> None:
        """Modes, endpoints, signals, names: a class is there, on, and says this."""
        self.package.classes[name] = said

    @rule(name=st.sampled_from(NAMES), telemetry=st.sampled_from(TELEMETRY[:3]))
    def set_block_of_upstream(self, name: str, telemetry: str) -> None:
        self.package.classes[name] = f"telemetry: {{enabled: true, {telemetry}}}"

    @rule(name=st.sampled_from(NAMES), said=st.sampled_from(FAULTY))
    @precondition(lambda self: self.package.config["on_error"] == "degrade")
    def break_block(self, name: str, said: str) -> None:
        if name in self.package.classes:
            self.package.classes[name] = said

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
        values = CONFIGS[key] if key in AT_FIRST else (*CONFIGS[key], "")
        value = data.draw(st.sampled_from(values))
        self.package.config.pop(key, None)
        if value:
            self.package.config[key] = value

    @rule(off=st.booleans())
    def switch(self, off: bool) -> None:
        self.package.environ.pop("OPRC_CRM_FEATURES_OTEL", None)
        self.package.environ |= {"OPRC_CRM_FEATURES_OTEL": "false"} if off else {}

    @rule(date=st.sampled_from(("", "1000000000", "1700000000")))
    def date(self, date: str) -> None:
        self.package.environ["SOURCE_DATE_EPOCH"] = date

    @rule(kind=st.sampled_from(KINDS), owner=st.sampled_from(NAMES), own=st.booleans(), annotated=st.booleans())
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
        workload.containers["function"] = image

    @rule(data=st.data())
    @precondition(lambda self: self.package.workloads)
    def add_or_remove_container(self, data: st.DataObject) -> None:
        """In front of the others: behind them our own lists may stand."""
        workload = self.drawn(data)
        if workload.kind == "Service":
            return
        if "extra" in workload.containers:
            del workload.containers["extra"]
            workload.mine.pop("extra", None)
        else:
            workload.containers = {"extra": IMAGES[1], **workload.containers}

    @rule(data=st.data())
    @precondition(lambda self: self.package.config["on_error"] == "degrade" and self.package.workloads)
    def break_or_mend_workload(self, data: st.DataObject) -> None:
        """It keeps what it had as long as it is broken."""
        workload = self.drawn(data)
        if workload.kind == "Service":
            return
        if FAULTY_CONTAINER in workload.containers:
            del workload.containers[FAULTY_CONTAINER]
        else:
            workload.containers = {FAULTY_CONTAINER: IMAGES[1], **workload.containers}

    # --- steps in what was rendered ---

    @rule(data=st.data())
    @precondition(lambda self: self.settled and self.package.workloads)
    def write_over(self, data: st.DataObject) -> None:
        """A value of ours is changed: from then on it is the user's, as if the source had it."""
        number = data.draw(st.sampled_from(sorted(self.package.workloads)))
        workload, position = self.package.workloads[number], self.position(number)
        for match in self.ours_in(position, data, but=workload.mine):
            value = f"mine-{self.next}"
            self.next += 1
            self.change(position, match.start(3), match.end(3), value)
            workload.by_hand = True
            bare = text_of(function(self.output, self.package.environ, remove=True))
            workload.mine = {
                name: {
                    variable: said
                    for variable, said in variables.items()
                    if said == value or variable in workload.mine.get(name, {})
                }
                for name, variables in environments(split(bare)[position])
            }
            assert value in str(workload.mine)
            self.before = self.package.items()

    @rule(data=st.data())
    @precondition(lambda self: self.settled and any(one.mine for one in self.package.workloads.values()))
    def delete_what_was_written_over(self, data: st.DataObject) -> None:
        """Then ours returns."""
        number = data.draw(st.sampled_from(sorted(n for n, one in self.package.workloads.items() if one.mine)))
        workload, position = self.package.workloads[number], self.position(number)
        for match in VARIABLE.finditer(split(self.output)[position]):
            for variables in workload.mine.values():
                if match[3].startswith("mine-") and variables.get(match[2]) == match[3]:
                    del variables[match[2]]
                    self.change(position, match.start(), match.end(), "")
                    self.before = self.package.items()
                    return

    @rule(data=st.data())
    @precondition(lambda self: self.settled and self.package.workloads)
    def remove_ours(self, data: st.DataObject) -> None:
        """A variable of ours is deleted: it returns."""
        number = data.draw(st.sampled_from(sorted(self.package.workloads)))
        position = self.position(number)
        for match in self.ours_in(position, data, but=self.package.workloads[number].mine):
            self.change(position, match.start(), match.end(), "")

    @rule(data=st.data(), whole=st.booleans())
    def damage_generated(self, data: st.DataObject, whole: bool) -> None:
        """What is generated is deleted, or edited: it comes back as it was."""
        items, first = split(self.output), len(self.before)
        if len(items) <= first:
            return
        position = data.draw(st.integers(first, len(items) - 1))
        was = items[position]
        self.change(position, 0, len(was), "" if whole else f"{was}  immutable: edited\n")

    # --- helpers ---

    @property
    def off(self) -> bool:
        return self.package.config.get("enabled") == "false" or "OPRC_CRM_FEATURES_OTEL" in self.package.environ

    def drawn(self, data: st.DataObject) -> Workload:
        return self.package.workloads[data.draw(st.sampled_from(sorted(self.package.workloads)))]

    def position(self, number: int) -> int:
        return [key for key, _ in self.before].index(f"workload {number}")

    def ours_in(self, position: int, data: st.DataObject, but: Any) -> list[re.Match[str]]:
        """A variable of ours in an item, if there is one; attributes are merged by rules of their own."""
        item = split(self.output)[position]
        recorded = recorded_in(item)
        found = [
            match
            for match in VARIABLE.finditer(item)
            if match[2] != "OTEL_RESOURCE_ATTRIBUTES"
            and match[2] in recorded
            and not any(match[2] in variables for variables in but.values())
        ]
        return [data.draw(st.sampled_from(found))] if found else []

    def change(self, position: int, start: int, end: int, text: str) -> None:
        items = split(self.output)
        items[position] = items[position][:start] + text + items[position][end:]
        self.output = self.package.head() + "".join(items)

    # --- what holds ---

    @invariant()
    def holds(self) -> None:
        if not self.before:
            return
        environ = self.package.environ
        source = self.package.text()
        fresh = function(source, environ)
        given = edited(self.output, self.before, self.package)
        now = function(given, environ)
        assert now.exit_code == fresh.exit_code, (now.results, fresh.results)
        out, wanted = text_of(now), text_of(fresh)
        if fresh.exit_code:
            # Settings with errors, Jobs with an ordinary sidecar: nothing is written, and the next step starts from
            # before.
            event("refused")
            assert split(out) == split(given)
            self.settled = False
            return
        count = len(self.package.items())
        kept = {change.ref.position for change in now.changes if change.action == "kept"}
        event("kept" if kept else "as fresh")
        waiting = [result.ref for result in now.results if result.code == "class-held-back"]
        held = {ref.name for ref in waiting}
        assert not held or kept, "a workload with errors keeps what it had"
        for ref in waiting:  # its conditions say so, where a fresh render has no workload that keeps anything
            assert self.package.config["status"] != "write" or "ConfigApplyError" in split(out)[ref.position]
        self.assert_fresh(split(out)[:count], split(wanted)[:count], kept | {ref.position for ref in waiting})
        for name in [name for name, said in self.package.classes.items() if (said in FAULTY or name in held)]:
            before, after = (_of(name, split(text)[count:]) for text in (given, out))
            assert self.off or before == after, "what was generated for a class that has errors now stays"
        more = [one for position, one in enumerate(split(given)) if position >= count and position in kept]
        assert not Counter(more) - Counter(split(out)[count:]), "what is kept stays as it is"
        made = split(wanted)[count:]
        for name in held:  # a fresh render has no workload that keeps anything
            made = [one for one in made if one not in _of(name, made)]
        assert sorted(split(out)[count:]) == sorted([*made, *more])
        if not kept:
            assert self.said(now) == self.said(fresh)
        assert text_of(function(out, environ)) == out
        later = function(out, environ | {"SOURCE_DATE_EPOCH": "1800000000"})
        assert split(text_of(later)) == split(out), "a time changes only with what it is the time of"
        back = text_of(function(out, environ, remove=True))
        assert len(split(back)) == count
        self.assert_fresh(split(back), split(source), set())
        self.output, self.before, self.settled = out, self.package.items(), True

    def assert_fresh(self, items: list[str], wanted: list[str], kept: set[int]) -> None:
        """Byte for byte; what somebody wrote over, and times that are kept, by what they come to."""
        keys = list(self.package.workloads.values())
        first = len(items) - len(keys)
        for position, (item, fresh) in enumerate(zip(items, wanted, strict=True)):
            workload = keys[position - first] if position >= first else None
            if position in kept or item == fresh:
                continue
            dated = "kind: ClassRuntime" in item and "lastTransitionTime" in item + fresh
            assert dated or (workload and workload.by_hand), f"{item}\nis not\n{fresh}"
            if not (workload and self.package.config["adopt"] == "true"):  # theirs is not taken over while it is known
                assert meaning(item) == meaning(fresh)

    def said(self, outcome: Outcome) -> Any:
        """The results; where variables stand in another order, without their places.

        An edit that is overwritten is reported once.
        """
        results = [result for result in outcome.results if result.code != EDIT_OVERWRITTEN.code]
        hand = [workload for workload in self.package.workloads.values() if workload.by_hand]
        if not hand:
            return [result.to_dict() for result in results]
        if self.package.config["adopt"] == "true":
            return None
        return Counter((result.code, result.severity, result.ref.name) for result in results)


def _of(name: str, items: list[str]) -> list[str]:
    """What was generated for a class."""
    return [one for one in items if f"oaas.io/owner: {name}\n" in one]


def recorded_in(item: str) -> set[str]:
    """The variables that an item's record names, in any container."""
    annotations = yaml.load(item, yaml.CSafeLoader)[0]["metadata"].get("annotations") or {}
    containers = json.loads(annotations.get(A_RECORD, "{}")).get("containers", {})
    return {name for container in containers.values() for name in container.get("env", {})}


def environments(item: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Container → variables with their values, in their order; a name that stands twice fails."""
    for container in pod_of(yaml.load(item, yaml.CSafeLoader)[0])["containers"]:
        entries = container.get("env") or [] if container["name"] != FAULTY_CONTAINER else []
        names = [entry["name"] for entry in entries]
        assert len(set(names)) == len(names), f"twice in {container['name']}: {names}"
        yield container["name"], {entry["name"]: entry.get("value") for entry in entries}


def pod_of(data: Any) -> Any:
    spec = data["spec"]
    while "containers" not in spec:
        spec = (spec.get("template") or spec.get("jobTemplate"))["spec"]
    return spec


def meaning(item: str) -> Any:
    """What an item says, without the record, times, and the order of variables."""
    (data,) = yaml.load(item, yaml.CSafeLoader)
    metadata = data["metadata"]
    if "annotations" in metadata:
        metadata["annotations"].pop(A_RECORD, None)
        if not metadata["annotations"]:
            del metadata["annotations"]
    if data["kind"] == "ClassRuntime":
        for condition in data["status"]["conditions"]:
            condition.pop("lastTransitionTime", None)
    else:
        for container in pod_of(data)["containers"]:
            if container["name"] == FAULTY_CONTAINER:
                continue
            env = sorted(container.pop("env", None) or [], key=lambda entry: str(entry["name"]))
            container |= {"env": env} if env else {}
    return data


def block(collector: str, telemetry: str) -> str:
    return f"observability:\n  enabled: true\n  telemetry: {{{telemetry}}}\n  collector: {{{collector}}}"


def function(text: str, environ: dict[str, str], *, remove: bool = False) -> Outcome:
    return _function(text, frozenset(environ.items()), remove)


@lru_cache(maxsize=64)  # half of the steps change nothing that was not asked before: then the answer is known
def _function(text: str, environ: frozenset[tuple[str, str]], remove: bool) -> Outcome:
    return run([Source(text.encode())], dict(environ), remove=remove)


def text_of(outcome: Outcome) -> str:
    (text,) = outcome.texts
    assert text is not None
    return text


TestLifecycle = Lifecycle.TestCase
# A walk does not shrink well: it takes minutes to lose a few steps.
TestLifecycle.settings = settings(SETTINGS, max_examples=EXAMPLES, stateful_step_count=STEPS, phases=[Phase.generate])
