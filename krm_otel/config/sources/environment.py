"""What the environment says beside `OPRC_CRM_*`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime


def source_date(environ: Mapping[str, str]) -> str:
    """SOURCE_DATE_EPOCH (seconds; reproducible-builds.org) as Kubernetes writes times; empty where it says nothing.

    It is the only time that there is: output never depends on the clock.
    """
    written = environ.get("SOURCE_DATE_EPOCH", "")
    if not re.fullmatch(r"[0-9]{1,11}", written):
        return ""
    return datetime.fromtimestamp(int(written), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
