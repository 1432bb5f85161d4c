"""What would change, as Markdown: a summary for a pull request, as a bot posts it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from krm_otel.config.settings import OaasClass
from krm_otel.config.types.quantity import quantity_text
from krm_otel.diagnostics.catalogue import section_url
from krm_otel.diagnostics.result import Result
from krm_otel.plan.changes import Change
from krm_otel.plan.objects.generated import ref_of
from krm_otel.run import Outcome
from krm_otel.views.diff import FileDiff
from krm_otel.views.lines import also, grouped
from krm_otel.views.pod_changes import RESOURCES, PodChanges
from krm_otel.views.summary import Summary, plural

_MOST_ROWS: Final = 50
"""A comment has a limit of 65,536 characters, and nobody reads longer tables."""
_ICONS: Final = {"error": "❌", "warning": "⚠️"}

Reviewed = tuple[Change, PodChanges | None]
"""An object, and what changes in its pods."""


def markdown(outcome: Outcome, files: Sequence[FileDiff] = (), docs: str = "") -> Iterator[str]:
    """The lines of the summary: classes, workloads by what changes in them, objects, pods, requests, results.

    Args:
        outcome: what the run came to.
        files: the files that change.
        docs: the URL of the documentation, for links to the sections of result codes; empty: no links.
    """
    sentence = Summary.of(outcome).sentence("planned").partition(": ")[2]
    yield f"### krm-otel: {'errors' if outcome.exit_code else 'telemetry changes' if files else 'no change'}"
    yield from ("", f"{sentence[:1].upper()}{sentence[1:]}.")
    workloads = [(change, _pod_changes(outcome, change)) for change in outcome.changes if _is_work(change)]
    objects = list(_objects(outcome))
    yield from _effects([*workloads, *objects])
    yield from _classes(outcome)
    yield from _workloads(workloads)
    yield from _generated(objects)
    yield from _results(outcome, docs)
    yield from _files(files)


def _is_work(change: Change) -> bool:
    return change.role == "workload" and change.changes_something


# --- the sections ----------------------------------------------------------------------------------------------------


def _effects(reviewed: Sequence[Reviewed]) -> Iterator[str]:
    """What a reviewer asks first: which pods are replaced, and what it costs."""
    rolls = [change for change, pods in reviewed if pods and pods.pods not in ("stay", "new")]
    if rolls:
        yield from ("", f"- **Pods are replaced** in {plural(len(rolls), 'workload')}.")
    requests = dict.fromkeys(RESOURCES, Fraction(0))
    by_cluster = 0
    for _, pods in reviewed:
        if pods is not None and pods.requests:
            by_cluster += pods.replicas == 0
            for resource, amount in pods.requests.items():
                requests[resource] += amount
    amounts = [_signed(resource, amount) for resource, amount in requests.items() if amount]
    if amounts:
        once = "; where the cluster decides how many pods there are, one counts" if by_cluster else ""
        yield f"- **Requests of all pods together:** {' and '.join(amounts)}{once}."


def _classes(outcome: Outcome) -> Iterator[str]:
    rows = [
        (f"`{oaas_class.ref}`", "on" if oaas_class.enabled else "off", _mode(oaas_class))
        for oaas_class in outcome.configuration.classes
    ]
    yield from _table("Classes", ("Class", "Telemetry", "Collector"), rows)


def _mode(oaas_class: OaasClass) -> str:
    settings = oaas_class.settings
    return str(settings.mode.value) if settings is not None and settings.enabled.value else ""


def _workloads(workloads: Sequence[Reviewed]) -> Iterator[str]:
    rows = []
    for change, pods in workloads:
        what = "<br>".join(pods.parts) if pods and pods.parts else change.reason or "the record only"
        more = ", ".join(_signed(*item) for item in pods.requests.items()) if pods else ""
        rows.append((f"`{change.ref}`", change.action, what, pods.pods if pods else "", more))
    yield from _table("Workloads", ("Workload", "", "What changes", "Pods", "Requests"), rows)


def _generated(objects: Sequence[Reviewed]) -> Iterator[str]:
    rows = []
    for change, pods in objects:
        more = ", ".join(_signed(*item) for item in pods.requests.items()) if pods else ""
        rows.append((f"`{change.ref}`", change.action, more))
    yield from _table("Generated objects", ("Object", "", "Requests"), rows)


def _results(outcome: Outcome, docs: str) -> Iterator[str]:
    shown = grouped(result for result in outcome.results if result.severity in _ICONS)
    if not shown:
        return
    yield from ("", "#### Results", "")
    for result, *others in shown[:_MOST_ROWS]:
        code = f"[`{result.code}`]({section_url(docs, result.code)})" if docs else f"`{result.code}`"
        yield f"- {_ICONS[result.severity]} {_where(outcome, result)}{_escaped(result.sentence)} ({code})"
        if others:
            yield f"  {_escaped(also(result, others))}"
    if len(shown) > _MOST_ROWS:
        yield f"- and {len(shown) - _MOST_ROWS} more"
    if not docs:
        yield from ("", f"What a code means: `krm-otel help {shown[0][0].code}`.")


def _files(files: Sequence[FileDiff]) -> Iterator[str]:
    rows = [(f"`{file.name}`", f"+{file.added}", f"-{file.removed}") for file in files]
    if rows:
        yield from ("", f"<details><summary>{plural(len(rows), 'file')}</summary>")
        yield from _table("", ("File", "Added", "Removed"), rows)
        yield from ("", "</details>")


# --- what they are made of -------------------------------------------------------------------------------------------


def _pod_changes(outcome: Outcome, change: Change) -> PodChanges | None:
    item = outcome.items[change.ref.position]
    new = item.read(change.text) if change.text is not None else None
    return PodChanges.of(change.ref, item.resource, new, outcome.configuration)


def _objects(outcome: Outcome) -> Iterator[Reviewed]:
    """The generated objects that change, with the requests of those that run pods."""
    added = {ref_of(data): data for objects in outcome.objects.added.values() for data in objects}
    for change in outcome.changes:
        if change.role == "object" and change.changes_something:
            ref = change.ref
            old = outcome.items[ref.position].resource if ref.position >= 0 else None
            new = outcome.objects.rewritten.get(ref.position, added.get(ref))
            yield change, PodChanges.of(ref, old, new, outcome.configuration)


def _where(outcome: Outcome, result: Result) -> str:
    if not result.ref.file:
        return ""
    place = outcome.places.of(result)
    return f"`{result.ref.file}{f':{place.line}' if place else ''}` "


def _signed(resource: str, amount: Fraction) -> str:
    sign = "-" if amount < 0 else "+"
    return f"{sign}{quantity_text(resource, abs(amount))} {'CPU' if resource == 'cpu' else resource}"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table with its heading; nothing without rows."""
    if not rows:
        return
    if title:
        yield from ("", f"#### {title}")
    yield from ("", _row(head), _row(["---"] * len(head)), *map(_row, rows[:_MOST_ROWS]))
    if len(rows) > _MOST_ROWS:
        yield from ("", f"and {len(rows) - _MOST_ROWS} more")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _escaped(text: str) -> str:
    """Text in which Markdown and HTML mean nothing: it may have keys and values of the input."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|@#" else char for char in text)
