"""Manifests as people write them: the same kinds of objects in every style that YAML allows.

A `Writer` makes text, not data: it chooses wherever the style is free. It takes each choice from `pick`, so that
Hypothesis can shrink them. What a text means is left to a reader that knows nothing of this code (`oracle`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from tests.support.oracle import read

T = TypeVar("T")
Pick: TypeAlias = Callable[[int], int]
"""A number from 0 up to, not including, the one given; 0 is the plainest choice."""
Lines: TypeAlias = list[str]
Value: TypeAlias = "str | list[Value] | dict[str, Value]"
"""A value to be written: a scalar or empty collection as text (`{i}`: the indentation of a further line), or more."""

CLASS = "shop"
SIMPLE_ENDPOINT = "http://otel:4317"
SECURE_ENDPOINT = "https://otel:4317"
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Deployment": ("apps/v1", ("spec", "template")),
    "StatefulSet": ("apps/v1", ("spec", "template")),
    "Job": ("batch/v1", ("spec", "template")),
    "CronJob": ("batch/v1", ("spec", "jobTemplate", "spec", "template")),
    "Pod": ("v1", ()),
    "Service": ("serving.knative.dev/v1", ("spec", "template")),
}
"""Kind → apiVersion, and where its pod template stands."""

SCALARS = (
    "plain", "two words", "8080", "0755", "10.00", "22:22", "1e3", "y", "no", "~", "null", "", "=", "2001-12-14",
    "a:b", "a#b", "http://x:4317/?q=1&r=#f", "--flag=$(POD_NAME)", "$$(X)", "+5", "naïve", "日本語", "🎉 done",
    "'it''s'", "'8080'", "'# no comment'", "'a: b'", '"a \\"b\\" \\\\ c"', '"\\u00e9\\t\\x41"', '"tab\tin"', '""', "''",
    '"\\U0001F389"', '"next\x85line"', '"line\u2028separator"', "'\u2029'", '"\ufeffbom"', '"{{ not a template }}"',
    "!!str 5", "!custom x", "x" * 300, '"' + "long words " * 30 + '"', "'{}'", "'- []'",
)  # fmt: skip
LONG_SCALARS = (
    "|\n{i}line one\n\n{i}  line two\n", "|-\n{i}a: b\n{i}# no comment", "|+\n{i}kept\n\n\n", ">\n{i}folded\n{i}text",
    ">-\n{i}a\n\n{i}b", ">+ # c\n{i}a\n\n", "|2-\n{i} lead", "|\n{i}🎉 x", "|", ">-", "'two\n{i}lines'",
    '"two\n\n{i}  lines\\\n{i}  folded"', "plain over\n{i}two lines", "|\n{i}x\ttab\n{i}\ty\t\n", "|+\n{i}a\n  \n",
    "\n{i}below", "!!str |\n{i}tagged", "\n{i}'below'",
)  # fmt: skip
COMMENTS = ("# comment", "#", "# - name: not an entry", "# key: value", "# 🎉 emoji", "# \t tab ", "#!x", "# don't")
ATTRIBUTES = (
    "a=b", "'a=b,c=d'", '"a=b"', '"a=\\u0062,"', "a=b,service.name=mine", "''", "oaas.class=mine", "a=$(POD_NAME)", "~",
    '"a=b\n{i}  ,c=d"', "'a=b,\n\n{i}  c=d'", "a=b,\n{i}  c=d", "|\n{i}a=b", "|-\n{i}a=b,\n{i}c=d", ">-\n{i}a=b", "",
    "|+\n{i}a=b\n\n", "deployment.environment=%C3%A9,x=🎉", "!!str a=b", "a=b,", "','", " \n{i}a=b", ">\n{i}a=b\n\n\n",
)  # fmt: skip
OWN_VARIABLES = (
    "OTEL_SERVICE_NAME", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG", "OTEL_PROPAGATORS", "OTEL_TRACES_EXPORTER", "OAAS_OTEL_POD_NAME", "OTEL_LOGS_EXPORTER",
    "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)  # fmt: skip
OWN_VALUES = ("mine", "http://mine:4318", "grpc", "1", "'x'", '"y"', "")
EMPTY_LISTS = ("[]", "", "null", "~", "[ ]", "[\n{i}]", "[ # none\n{i}]", "# none", "Null", "[\n{i}# none\n{i}]")
EMPTY_MAPPINGS = ("{}", "", "null", "~", "{ }", "{\n{i}}", "{ # none\n{i}}", "# none")

CONFIG_PLAIN = f"""\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata:
  name: {CLASS}
spec:
  observability:
    enabled: true
    telemetry:
      propagators: [w3c]
    collector:
      endpoint: {SIMPLE_ENDPOINT}
"""
CONFIG_OF_CLUSTER = f"""\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {{name: {CLASS}}}
spec: {{observability: {{enabled: true}}}}
"""
CLUSTER = f"""\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
spec:
  telemetry:
    propagators: [w3c]
    resource_attributes: {{team: "a, b=c", "emoji": "🎉"}}
  collector:
    mode: external
    endpoint: {SECURE_ENDPOINT}
    headers: {{authorization: {{secret: otel, key: token}}}}
    tls: {{ca: {{config_map: otel-ca}}}}
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A text and what is known of it."""

    text: str
    odd: frozenset[str]
    """What an edit may refuse. Where this is empty, a refusal is a bug."""
    has_results: bool
    """Whether the input has `results` already: undoing does not give them back."""
    secured: bool
    """Whether the endpoint has a header and a certificate: then there are volumes too."""


class Writer:
    """Writes one input. `rare`: also what an edit may refuse."""

    def __init__(self, pick: Pick, *, rare: bool = False):
        self.pick = pick
        self.rare = rare
        self.odd: set[str] = set()
        self.anchors: list[str] = []

    # --- choices -------------------------------------------------------------------------------------------------

    def one_in(self, n: int) -> bool:
        """True once in n times; the plain choice is False."""
        return self.pick(n) == n - 1

    def of(self, options: Sequence[T]) -> T:
        return options[self.pick(len(options))]

    def mixed(self, pairs: dict[str, Value]) -> dict[str, Value]:
        """The pairs, now and then in another order."""
        if not self.one_in(3):
            return pairs
        keys = list(pairs)
        return {key: pairs[key] for key in (keys.pop(self.pick(len(keys))) for _ in list(keys))}

    # --- text ----------------------------------------------------------------------------------------------------

    def gap(self, column: int) -> Lines:
        """Comments and blank lines between two entries: deeper than they are, at their column, or shallower."""
        lines: Lines = []
        while self.one_in(6):
            if self.one_in(2):
                lines.append(" " * max(0, self.of((column, column + 2, 0, column - 2))) + self.of(COMMENTS))
            else:
                lines.append(" " * self.of((0, 0, column, column + 3)))
        return lines

    def trail(self) -> str:
        """What may follow a value or colon on its line."""
        return self.of((" " + self.of(COMMENTS), " ", "  # two")) if self.one_in(8) else ""

    def key(self, key: str) -> str:
        text = self.of((key, key, key, f'"{key}"', f"'{key}'"))
        return text + (" " if self.one_in(30) else "") + ":"

    def mapping(self, pairs: dict[str, Value], column: int) -> Lines:
        """The lines of a block mapping, the first of which is its first key."""
        lines: Lines = []
        for key, value in pairs.items():
            if lines:
                lines += self.gap(column)
            lines += self.pair(key, value, column)
        return lines

    def pair(self, key: str, value: Value, column: int) -> Lines:
        if self.rare and self.one_in(60):
            self.odd.add("explicit key")
            head = " " * column + "? " + key
            inner = self.value(value, column, "\0")
            return [head, *[line.replace("\0", " " * column + ":", 1) for line in inner]]
        return self.value(value, column, " " * column + self.key(key))

    def value(self, value: Value, column: int, head: str) -> Lines:
        """A value behind `head`, the key and its colon."""
        if isinstance(value, str):
            return self.scalar(value, column, head)
        if not value:
            return self.scalar("[]" if isinstance(value, list) else "{}", column, head)
        if self.one_in(25):
            name = f"a{len(self.anchors)}"
            head += f" &{name}"  # never referred to
            self.anchors.append(name)
        if self.one_in(10):
            return self.flow_lines(value, column, head)
        if isinstance(value, list):
            at = column + self.of((0, 2, 2, 4, 1))
            return [head + self.trail(), *self.gap(at), *self.sequence(value, at)]
        at = column + self.of((2, 2, 2, 4, 1))
        return [head + self.trail(), *self.gap(at), *self.mapping(value, at)]

    def scalar(self, text: str, column: int, head: str) -> Lines:
        first, *rest = text.replace("{i}", " " * (column + 2)).split("\n")
        if "#" in first or (rest and first not in ("[", "{")):
            return [f"{head} {first}".rstrip() if not first.endswith(" ") else f"{head} {first}", *rest]
        return [f"{head} {first}".rstrip() + self.trail(), *rest]

    def sequence(self, items: list[Value], column: int) -> Lines:
        lines: Lines = []
        for item in items:
            if lines:
                lines += self.gap(column)
            lines += self.item(item, column)
        return lines

    def item(self, item: Value, column: int) -> Lines:
        dash = " " * column + "-"
        if isinstance(item, str):
            return self.scalar(item, column, dash)
        if isinstance(item, list) or not item or self.one_in(15):
            return self.flow_lines(item, column, dash)
        if self.one_in(15):
            at = column + self.of((1, 2, 4))
            return [dash + self.trail(), *self.gap(at), *self.mapping(item, at)]
        at = column + self.of((2, 2, 2, 2, 3, 4))
        first, *rest = self.mapping(item, at)
        return [dash + first[column + 1 :], *rest]

    def flow_lines(self, value: Value, column: int, head: str) -> Lines:
        first, *rest = self.flow(value, column + 2).split("\n")
        return [f"{head} {first}", *rest[:-1], *(line + self.trail() for line in rest[-1:])]

    def flow(self, value: Value, column: int) -> str:
        """Flow style on one line, or on several, as JSON or not; the last line may hold a comment after it."""
        if isinstance(value, str):
            return self.flow_scalar(value)
        if not value:
            return "[]" if isinstance(value, list) else "{}"
        spread = self.one_in(3)
        inner = column + 2
        open_, shut = ("[", "]") if isinstance(value, list) else ("{", "}")
        if isinstance(value, list):
            parts = [self.flow(item, inner) for item in value]
        else:
            parts = [f"{self.of((k, json.dumps(k)))}: {self.flow(v, inner)}".rstrip(" ") for k, v in value.items()]
        comma = "," if self.one_in(8) else ""
        if not spread:
            pad = self.of(("", "", " "))
            return open_ + pad + self.of((", ", ", ", ",  ")).join(parts) + comma + pad + shut
        if self.one_in(6):
            return open_ + " " + ("\n" + " " * inner + ", ").join(parts) + "\n" + " " * column + shut
        lines = [" " * inner + part + "," + self.trail() for part in parts[:-1]]
        lines += [" " * inner + parts[-1] + comma + self.trail()]
        return open_ + self.trail() + "\n" + "\n".join(lines) + "\n" + " " * column + shut

    def flow_scalar(self, text: str) -> str:
        plain = text.isascii() and text.translate(str.maketrans("/-_.", "aaaa")).isalnum()
        if plain or text in ("{}", "[]", "~") or (text[:1] in "'\"" and len(text) > 1 and "\n" not in text):
            return text
        if text[:1] in ("{", "[") and text[-1:] in ("}", "]"):
            return text[:1] + text[-1:]
        return "null" if text in ("", "# none", "null", "Null") else json.dumps(text, ensure_ascii=False)

    # --- objects -------------------------------------------------------------------------------------------------

    def some_scalar(self) -> str:
        return self.of(LONG_SCALARS) if self.one_in(5) else self.of(SCALARS)

    def scalars(self, most: int) -> dict[str, Value]:
        return {f"key-{i}": self.some_scalar() for i in range(self.pick(most + 1))}

    def workload(self, kind: str, number: int) -> dict[str, Value]:
        api_version, template_path = KINDS[kind]
        metadata: dict[str, Value] = {"name": f"w{number}"}
        belongs = self.of(("annotation", "label", "template"))
        annotations = self.scalars(2)
        if belongs == "annotation":
            annotations["oaas.io/class-runtime"] = CLASS
        if self.one_in(6):
            annotations |= {"internal.config.kubernetes.io/path": f"'{number}.yaml'"}
        if annotations or not self.one_in(2):
            metadata["annotations"] = annotations or self.of(EMPTY_MAPPINGS)
            if not annotations and self.one_in(3):
                del metadata["annotations"]
        if belongs == "label":
            metadata["labels"] = {"oaas.io/owner": CLASS, "app": f"w{number}"}
        spec = self.pod_spec()
        if not template_path:
            if belongs == "template":
                metadata["labels"] = {"oaas.io/owner": CLASS}
            data: dict[str, Value] = {"metadata": self.mixed(metadata), "spec": self.mixed(spec)}
        else:
            template: dict[str, Value] = {"spec": self.mixed(spec)}
            if belongs == "template":
                labels: Value = {"labels": {"oaas.io/owner": CLASS}}
                template = {"metadata": labels, **template}
            inner: dict[str, Value] = template
            for step in reversed(template_path):
                inner = {step: inner}
                if step == "template":
                    inner = self.mixed({"replicas": "1", **inner})
            data = {"metadata": self.mixed(metadata), **inner}
        if self.one_in(8):
            data["status"] = self.of(("{}", "", "null"))
        return self.mixed({"apiVersion": api_version, "kind": kind, **data})

    def pod_spec(self) -> dict[str, Value]:
        containers: list[Value] = [self.mixed(self.container(f"c{i}")) for i in range(1 + self.of((0, 0, 1, 2)))]
        spec: dict[str, Value] = {"containers": containers}
        if self.one_in(4):
            spec["volumes"] = self.of(EMPTY_LISTS) if self.one_in(2) else [{"name": "data", "emptyDir": "{}"}]
        if self.one_in(4):
            spec["restartPolicy"] = "Always"
        if self.one_in(8):
            spec["initContainers"] = [{"name": "init", "image": "x", "env": [{"name": "A", "value": "b"}]}]
        return spec

    def container(self, name: str) -> dict[str, Value]:
        data: dict[str, Value] = {"name": name, "image": self.of(("acme/x:1", '"acme/x:1"', "acme/x@sha256:0f"))}
        if not self.one_in(5):
            data["env"] = self.env()
        if self.one_in(3):
            data["command"] = [self.some_scalar() for _ in range(1 + self.pick(2))]
        if self.one_in(4):
            data["volumeMounts"] = self.of(EMPTY_LISTS) if self.one_in(2) else [{"name": "data", "mountPath": "/x"}]
        if self.one_in(5):
            data["resources"] = self.of(("{}", "", "null"))
        if self.rare and self.one_in(30):
            self.odd.add("merge key")
            data["<<"] = "{tty: true}"
        return data

    def env(self) -> Value:
        if self.one_in(5):
            return self.of(EMPTY_LISTS)
        entries: list[Value] = []
        for i in range(1 + self.pick(3)):
            entry: dict[str, Value] = {"name": f"V{i}", "value": self.some_scalar()}
            if self.one_in(5):
                entry = {"name": f"V{i}", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
            entries.append(self.mixed(entry))
        own = [name for name in OWN_VARIABLES if self.one_in(14)]
        for name in own:
            entry = {"name": name, "value": self.of(OWN_VALUES)}
            if self.one_in(4):
                entry = {"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
            entries.append(self.mixed(entry))
        if self.one_in(4):
            place = self.pick(len(entries) + 1)
            entries.insert(place, self.mixed({"name": "OTEL_RESOURCE_ATTRIBUTES", "value": self.of(ATTRIBUTES)}))
        return entries

    def bystander(self, number: int) -> dict[str, Value]:
        data = self.scalars(4)
        metadata: dict[str, Value] = {"name": f"b{number}"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or self.of(EMPTY_MAPPINGS)}

    # --- envelopes -----------------------------------------------------------------------------------------------

    def made(self) -> Made:
        """A whole input."""
        secured = self.one_in(3)
        objects = [CONFIG_OF_CLUSTER if secured else CONFIG_PLAIN]
        for number in range(1 + self.pick(3)):
            if self.one_in(4):
                objects.append(self.written(self.bystander(number)))
            else:
                objects.append(self.written(self.workload(self.of(tuple(KINDS)), number)))
        if self.one_in(3):
            objects.append(objects.pop(0))
        form = self.of(("list", "list", "stream", "json"))
        config = CLUSTER if secured else ""
        has_results = form != "stream" and self.one_in(10)
        if form == "list":
            text = self.resource_list(objects, config, has_results)
        elif form == "stream":
            text = self.stream([*objects, config] if config else objects)
        else:
            text = self.json_list(objects, config, has_results)
        return Made(self.finished(text), frozenset(self.odd), has_results, secured)

    def written(self, data: dict[str, Value]) -> str:
        """One object as a document of its own."""
        if self.one_in(12):
            indent = self.of((None, 2, 1))
            plain = read("\n".join(Writer(lambda _: 0).mapping(data, 0)) + "\n")
            text = json.dumps(_typed(plain), indent=indent, ensure_ascii=self.one_in(2)) + "\n"
        else:
            text = "\n".join(self.mapping(data, 0)) + "\n"
            text += "".join(line + "\n" for line in self.gap(0))
        return text.replace("\n", "\r\n") if self.one_in(15) else text

    def resource_list(self, objects: list[str], config: str, has_results: bool) -> str:
        column = self.of((0, 2, 4))
        items = ["items:" + self.trail() + "\n"]
        for text in objects:
            gap = "" if text[:1] == "{" and len(items) > 1 and items[-1].lstrip()[2:3] == "{" else self.gap(column)
            items += [line + "\n" for line in gap]
            newline = "\r\n" if "\r\n" in text else "\n"
            body = _indented(text, column + 2)
            lead = self.of(("", "", "", "# lead", "")) if text[:1] != "{" else ""
            if lead:
                items.append(" " * column + "- " + lead + newline + body)
            else:
                items.append(" " * column + "-" + body[column + 1 :])
        parts = ["apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n", "".join(items)]
        if config:
            parts.insert(self.of((1, 2)), "functionConfig:\n" + _indented(config, 2))
        if has_results:
            parts.insert(1 + self.pick(len(parts)), "results:\n- message: old\n  severity: info\n")
        lead, end = self.of(("", "", "---\n", "# lead\n", "# lead\n---\n")), self.of(("", "", "", "...\n"))
        return lead + "".join(parts) + end

    def stream(self, objects: list[str]) -> str:
        lead = self.of(("", "---\n", "# lead\n---\n", "\n"))
        breaks = ("---\n", "---\n", "--- # next\n", "---\n# Source: chart/x.yaml\n", "...\n---\n", "\n---\n---\n")
        pieces = [lead, objects[0]]
        for text in objects[1:]:
            pieces += [self.of(breaks), text]
        return "".join(pieces)

    def json_list(self, objects: list[str], config: str, has_results: bool) -> str:
        plain = [_typed(read(text)) for text in objects]
        data: dict[str, object] = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": plain}
        if config:
            data["functionConfig"] = read(config)
        if has_results:
            data["results"] = [{"message": "old", "severity": "info"}]
        keys = list(data)
        if self.one_in(3):
            keys.reverse()
        indent = self.of((None, 2, 4))
        text = json.dumps({key: data[key] for key in keys}, indent=indent, ensure_ascii=self.one_in(2))
        return text + self.of(("\n", "", "\n\n"))

    def finished(self, text: str) -> str:
        if self.one_in(8) and text.endswith("\n"):
            text = text.removesuffix("\n").removesuffix("\r")
            if any(mark in text[-400:] for mark in "|>"):
                self.odd.add("open block scalar")
        if self.one_in(10):
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        return "\ufeff" + text if self.one_in(12) else text


def _typed(data: dict[str, Any]) -> dict[str, Any]:
    """For JSON: what is no string is none."""
    if data["kind"] == "ClassRuntime":
        data["spec"]["observability"]["enabled"] = True
    pending: list[Any] = [data]
    while pending:
        node = pending.pop()
        for key in ("env", "volumes", "volumeMounts", "annotations"):
            if isinstance(node, dict) and isinstance(node.get(key), str):
                node[key] = None
        pending += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return data


def _indented(text: str, columns: int) -> str:
    return "\n".join(" " * columns + line if line.strip("\r") else line for line in text.split("\n"))
