"""A run in the forms that `--format` names, but for people's own lines."""

from __future__ import annotations

from collections.abc import Sequence

from krm_otel.run import Outcome
from krm_otel.views.ci.github import workflow_commands
from krm_otel.views.ci.gitlab import code_quality
from krm_otel.views.ci.sarif import sarif
from krm_otel.views.diff import FileDiff
from krm_otel.views.markdown import markdown
from krm_otel.views.report import as_json, report


def formatted(form: str, outcome: Outcome, files: Sequence[FileDiff] = (), docs: str = "") -> list[str]:
    """The lines of a run in a form: `json`, `sarif`, `github`, `gitlab` or `markdown`.

    Args:
        form: the form.
        outcome: what the run came to.
        files: the files that change, where the command compares files.
        docs: the URL of the documentation, for links to the sections of result codes; empty: no links.
    """
    match form:
        case "json":
            data = report(outcome)
            if files:
                data["files"] = [{"path": f.name, "added": f.added, "removed": f.removed} for f in files]
            return [as_json(data)]
        case "sarif":
            return [as_json(sarif(outcome, docs))]
        case "gitlab":
            return [as_json(code_quality(outcome))]
        case "github":
            return list(workflow_commands(outcome))
        case _:
            return list(markdown(outcome, files, docs))
