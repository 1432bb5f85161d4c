"""Many packages in one process: each is run by itself, and views show all of them as one outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from krm_otel.config.settings import Configuration
from krm_otel.dataclass import replace
from krm_otel.diagnostics.result import Ref, Result, ordered
from krm_otel.krm.places import Places
from krm_otel.plan import Change, ObjectChanges
from krm_otel.run import Outcome
from krm_otel.workloads.kustomizations import Kustomizations


def joined(packages: Mapping[str, Outcome]) -> Outcome:
    """What the runs over packages came to, as one outcome; its items are numbered throughout.

    Args:
        packages: path of a package → its outcome.
    """
    outcomes = packages.values()
    firsts: list[int] = []
    count = 0
    for outcome in outcomes:
        firsts.append(count)
        count += len(outcome.items)
    pairs = list(zip(firsts, outcomes, strict=True))
    items = tuple(item for outcome in outcomes for item in outcome.items)
    return Outcome(
        tuple(text for outcome in outcomes for text in outcome.new_texts),
        tuple(ordered(_result(result, first, outcome) for first, outcome in pairs for result in outcome.results)),
        tuple(_change(change, first) for first, outcome in pairs for change in outcome.changes),
        _objects(pairs),
        {name: text for outcome in outcomes for name, text in outcome.new_files.items()},
        starts=tuple(starts for outcome in outcomes for starts in outcome.starts),
        switched_off=_shared(outcome.switched_off for outcome in outcomes),
        items=items,
        places=Places(items, frozenset(first + i for first, outcome in pairs for i in outcome.places.moved)),
        configuration=Configuration(
            tuple(chain.from_iterable(outcome.configuration.classes for outcome in outcomes)),
            kinds=tuple(chain.from_iterable(outcome.configuration.kinds for outcome in outcomes)),
        ),
        kustomizations=_kustomizations(outcome.kustomizations for outcome in outcomes),
        is_removal=any(outcome.is_removal for outcome in outcomes),
        packages=packages,
    )


def settled(outcome: Outcome) -> Outcome:
    """An outcome whose texts are written: what remains to be said of it, so that a run over many stays small."""
    changes = tuple(replace(change, text=None) if change.text is not None else change for change in outcome.changes)
    items = outcome.items if outcome.results else ()  # results need the text around them for their places
    return replace(
        outcome, new_texts=(), changes=changes, objects=ObjectChanges(), new_files={}, starts=(), items=items
    )


def _result(result: Result, first: int, outcome: Outcome) -> Result:
    if result.ref.position >= 0:
        return replace(result, ref=_ref(result.ref, first))
    # It may be about a function config among the package's own files.
    return replace(result, ref=replace(result.ref, place=outcome.places.of(result)))


def _change(change: Change, first: int) -> Change:
    return replace(change, ref=_ref(change.ref, first))


def _ref(ref: Ref, first: int) -> Ref:
    return replace(ref, position=first + ref.position) if first and ref.position >= 0 else ref


def _objects(pairs: Iterable[tuple[int, Outcome]]) -> ObjectChanges:
    objects = ObjectChanges()
    removed: set[int] = set()
    for first, outcome in pairs:
        objects.rewritten.update({first + i: data for i, data in outcome.objects.rewritten.items()})
        objects.added.update(outcome.objects.added)
        removed |= {first + i for i in outcome.objects.removed}
    return replace(objects, removed=frozenset(removed))


def _kustomizations(all_of_them: Iterable[Kustomizations]) -> Kustomizations:
    whole = Kustomizations()
    for kustomizations in all_of_them:
        whole.named_by.update(kustomizations.named_by)
        whole.elsewhere.update(kustomizations.elsewhere)
    return whole


def _shared(values: Iterable[str]) -> str:
    """The value that all have; empty where they differ."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else ""
