"""What of a stream a cluster knows."""

from __future__ import annotations

from krm_otel.krm.cluster_objects import cluster_objects, counted
from krm_otel.krm.reader import read_envelope

POD = "apiVersion: v1\nkind: Pod\n"
LOCAL = """\
apiVersion: fn.oaas.io/v1alpha1
kind: OTelConfig
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {config.kubernetes.io/local-config: 'true'}}
---
apiVersion: kpt.dev/v1
kind: Kptfile
---
apiVersion: v2
name: chart
---
replicaCount: 1
"""


def test_objects_that_no_cluster_has_are_left_out() -> None:
    """Function configs, files of packages, local configuration, and what is no object; the rest as it stands."""
    assert cluster_objects(f"{LOCAL}---\n{POD}# its end\n") == f"---\n{POD}# its end\n"
    assert cluster_objects(f"{POD}---\n{LOCAL}") == POD
    assert cluster_objects(f"{LOCAL}# a comment\n") == "", "a comment alone is not worth a document"
    assert cluster_objects(POD) == POD


def test_items_of_a_list_are_left_out() -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n- kind: Kptfile\n  apiVersion: kpt.dev/v1\n"
    )
    assert cluster_objects(text) == text[: text.index("- kind: Kptfile")]


def test_they_are_counted_by_kind_or_file() -> None:
    items = read_envelope(f"{LOCAL}---\napiVersion: fn.oaas.io/v1alpha1\nkind: OTelConfig\n", "values.yaml").items
    assert counted(items) == "ConfigMap, Kptfile, 2 OTelConfigs, 2 values.yamls"
