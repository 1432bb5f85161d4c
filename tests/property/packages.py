"""Packages whose source changes step by step, and what a person's edits make of a text that has our lines in it.

A `Package` is the source alone. `text` writes it; `edited` takes an earlier output and changes in it what has changed
in the source, line by line, as an editor or a merge does: our lines stay where they are.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

Item = tuple[str, str]
"""(what stays the same when the text changes, text)"""
STATUS = {
    "b": '  status:\n    conditions:\n    - type: Available\n      status: "True"\n    phase: Running # seen\n',
    "c": "  status:\n    conditions:\n    - {type: Available, status: 'True'}\n    - type: TelemetryConfigured\n"
    '      status: "False"\n      reason: Elsewhere # theirs\n      lastTransitionTime: "2001-02-03T04:05:06Z"\n'
    "    - {type: NfrObserved, status: Unknown}\n",
}
"""What a controller said of a class, by the class's name."""
FAULTY_CONTAINER = "odd"
"""The name of one that cannot be instrumented."""
GROUPS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Pod": "v1",
    "Service": "serving.knative.dev/v1",
}
DEFINITION = """\
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata:
    name: classruntimes.oaas.io # upstream's
  spec:
    group: oaas.io
    names: {kind: ClassRuntime, plural: classruntimes}
    scope: Namespaced
    versions:
    - name: v1alpha1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                package_class_key: {type: string}
"""


@dataclass
class Workload:
    """A workload of one of six kinds; containers by name with their image."""

    name: str
    kind: str
    owner: str
    containers: dict[str, str]
    opted_out: bool = False
    own_attributes: bool = False
    annotated: bool = False
    mine: dict[str, dict[str, str]] = field(default_factory=dict)
    """Container → variable → value, of those that somebody wrote over ours, in their order."""
    by_hand: bool = False
    """Whether somebody ever wrote over something of ours in it."""

    def text(self) -> str:
        lines = [
            f"- apiVersion: {GROUPS[self.kind]}",
            f"  kind: {self.kind}",
            "  metadata:",
            f"    name: {self.name}",
            "    labels:",
            f"      oaas.io/owner: {self.owner}",
        ]
        if self.annotated or self.opted_out:
            lines += ["    annotations:", "      team: core"]
            lines += ['      oaas.io/otel-inject: "false"'] * self.opted_out
        lines.append("  spec:")
        at = "  "
        for key in {"Pod": (), "CronJob": ("jobTemplate", "template")}.get(self.kind, ("template",)):
            lines += [f"  {at}{key}:", f"    {at}spec:"]
            at += "    "
        at += "  "
        lines += [f"{at}serviceAccountName: own # kept", f"{at}containers:"]
        for name, image in self.containers.items():
            lines += [f"{at}- name: {name}", f"{at}  image: {image}"]
            if name == FAULTY_CONTAINER:
                lines.append(f"{at}  env: wrong")
                continue
            own = {"OTEL_RESOURCE_ATTRIBUTES": "team=core", "OTEL_PROPAGATORS": "b3"} if self.own_attributes else {}
            mine = {variable: f'"{value}"' for variable, value in self.mine.get(name, {}).items()}
            lines += [f"{at}  env:"] if own | mine else []
            for variable, value in (own | mine).items():
                lines += [f"{at}  - name: {variable}", f"{at}    value: {value}"]
        return "\n".join(lines) + "\n"


@dataclass
class Package:
    """The source of a package: an OTelConfig (as function config), classes with their blocks, workloads, and what is
    none of our business."""

    config: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    workloads: dict[int, Workload] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    def items(self) -> list[Item]:
        found = [("kptfile", "- apiVersion: kpt.dev/v1\n  kind: Kptfile\n  metadata: {name: app}\n")]
        for name, block in self.classes.items():
            spec = "\n".join(f"    {line}" for line in block.splitlines()) or "    functions: []"
            head = f"- apiVersion: oaas.io/v1alpha1\n  kind: ClassRuntime\n  metadata:\n    name: {name}\n"
            found.append((f"class {name}", f"{head}  spec:\n{spec}\n{STATUS.get(name, '')}"))
        found.append(("own", "- apiVersion: v1\n  kind: Service\n  metadata: {name: own, labels: {component: otel}}\n"))
        found.append(("definition", DEFINITION))
        found += [(f"workload {number}", workload.text()) for number, workload in self.workloads.items()]
        return found

    def head(self) -> str:
        lines = [
            "apiVersion: config.kubernetes.io/v1",
            "kind: ResourceList",
            "functionConfig:",
            "  apiVersion: fn.oaas.io/v1alpha1",
            "  kind: OTelConfig",
            "  metadata: {name: otel}",
            "  spec:",
            "    telemetry: {propagators: [w3c]}",
            *(f"    {key}: {value}" for key, value in self.config.items()),
            "items:",
        ]
        return "\n".join(lines) + "\n"

    def text(self) -> str:
        return self.head() + "".join(text for _, text in self.items())


def split(text: str) -> list[str]:
    """The items of an output, one text each; `results` are left out."""
    body = text.partition("\nitems:\n")[2]
    body = re.split(r"^results:$", body, maxsplit=1, flags=re.MULTILINE)[0]
    return [f"- {item}" for item in re.split(r"^- ", body, flags=re.MULTILINE)[1:]]


def edited(output: str, before: list[Item], after: Package) -> str:
    """The earlier output with the source's changes in it."""
    current = split(output)
    ours = current[len(before) :]
    known = {key: (old, now) for (key, old), now in zip(before, current, strict=False)}
    items = [merged(*known[key], new) if key in known else new for key, new in after.items()]
    return after.head() + "".join([*items, *ours])


def merged(old: str, current: str, new: str) -> str:
    """The lines of `current` with the changes from `old` to `new`, container by container.

    Who deletes a container deletes what we put into it; who adds one does so in front of the others.
    """
    if old == new:
        return current
    names = [name for name, _ in parts(old)]
    was, now = dict(parts(old)), dict(parts(current, names))
    result = []
    for name, lines in parts(new):
        result += merged_lines(was[name], now[name], lines) if name in was else lines
    return "\n".join(result) + "\n"


def parts(text: str, names: list[str] | None = None) -> list[tuple[str, list[str]]]:
    """An item's lines before its containers (no name), and those of each container; of ours, where `names` are told."""
    found: list[tuple[str, list[str]]] = [("", [])]
    at = re.search(r"^( +)containers:$", text, re.MULTILINE)
    for line in text.splitlines():
        start = re.fullmatch(rf"{at[1]}- name: (\w+)", line) if at else None
        if start and (names is None or (start[1] in names and start[1] not in dict(found))):
            found.append((start[1], []))
        found[-1][1].append(line)
    return found


def merged_lines(old: list[str], lines: list[str], new: list[str]) -> list[str]:
    """Every line of `old` is found in `lines`: injection takes none away, and only lengthens one."""
    places: list[int] = []
    at = 0
    for line in old:
        at = next(i for i in range(at, len(lines)) if lines[i] == line or is_extended(line, lines[i]))
        places.append(at)
        at += 1
    result = list(lines)
    changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for tag, i1, i2, j1, j2 in reversed(changes):
        if tag == "replace" and i2 - i1 == j2 - j1:
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                result[places[i]] = new[j]
        elif tag == "delete":
            for i in reversed(range(i1, i2)):
                del result[places[i]]
        elif tag != "equal":
            place = places[i1] if i1 < len(places) else len(lines)
            result[place : places[i2 - 1] + 1 if i2 > i1 else place] = new[j1:j2]
    return result


def is_extended(line: str, now: str) -> bool:
    """Whether a line is the user's with ours in it: attributes with more behind them, a value that was taken over, a
    condition of one of our types that says something else."""
    changed = {
        "value: team=core": 'value: "team=core,',
        "value: b3": 'value: "tracecontext',
        'status: "False"': "status: ",
        "reason: Elsewhere # theirs": "reason: ",
        'lastTransitionTime: "2001-02-03T04:05:06Z"': "lastTransitionTime: ",
    }
    begins = changed.get(line.strip())
    return begins is not None and now.strip().startswith(begins)
