"""Results as a Code Quality report, which GitLab shows in a merge request.

Source: GitLab, "Code Quality", "Code Quality report format": a list, where each entry needs a path and a fingerprint.
GitLab tells by the fingerprint what is new in a branch: so it does not contain the line, which moves.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter
from typing import Any, Final

from krm_otel.diagnostics.result import Severity
from krm_otel.run import Outcome

_SEVERITIES: Final[dict[Severity, str]] = {"error": "major", "warning": "minor", "info": "info"}


def code_quality(outcome: Outcome) -> list[dict[str, Any]]:
    """An entry for each result; one without a file is one of the folder."""
    seen: Counter[str] = Counter()
    entries = []
    for result in outcome.results:
        place = outcome.places.of(result) if result.ref.file else None
        path = posixpath.normpath(result.ref.file or ".")
        same = "\n".join((result.code, path, str(result.ref), result.field_path, result.sentence))
        seen[same] += 1
        entries.append(
            {
                "description": result.sentence,
                "check_name": result.code,
                "fingerprint": hashlib.sha256(f"{same}\n{seen[same]}".encode()).hexdigest(),
                "severity": _SEVERITIES[result.severity],
                "location": {"path": path, "lines": {"begin": place.line if place else 1}},
            }
        )
    return entries
