"""Copies of one workload in several files, as `vendor/` and `base/` have them: each is injected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from krm_otel.diagnostics.result import Ref, Result
from krm_otel.diagnostics.rules import workloads as rules
from krm_otel.plan.changes import Change


def check_copies(changes: Iterable[Change]) -> Iterator[Result]:
    """Warnings for workloads that are instrumented in several files, one for each identity.

    A stream has no files: hooks of Helm may be there twice.
    """
    files: dict[tuple[str, str, str, str], list[Ref]] = {}
    for change in changes:
        ref = change.ref
        if change.role == "workload" and change.action in ("injected", "updated", "unchanged") and ref.file:
            key = (ref.api_version.rpartition("/")[0], ref.kind, ref.namespace, ref.name)
            files.setdefault(key, []).append(ref)
    for refs in files.values():
        paths = list(dict.fromkeys(ref.file for ref in refs))
        if len(paths) > 1:
            text = f"{refs[0]} is in {' and '.join(paths)}, and each of them is instrumented"
            fix = "keep one, or render what is built: kustomize build <folder> | krm-otel render -"
            yield rules.WORKLOAD_TWICE.at(refs[1], text, fix=fix)
