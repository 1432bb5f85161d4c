"""Which keys ConfigMaps and Secrets have, also those that something else makes."""

from __future__ import annotations

import pytest

from krm_otel.inject.sdk.env_sources import EnvSources
from krm_otel.krm.reader import read_envelope

EXTERNAL = "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a}, spec: {%s}}"
KUSTOMIZATION = "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, secretGenerator: [{name: a, %s}]}"


@pytest.mark.parametrize(
    ("text", "keys", "complete"),
    [
        ("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: djE=}, stringData: {l: v}}", "k l", True),
        ("{apiVersion: v1, kind: Secret, metadata: {name: a}}", "", False),
        (
            "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a},"
            " spec: {encryptedData: {k: Ag}, template: {data: {l: x}}}}",
            "k l",
            True,
        ),
        (EXTERNAL % "data: [{secretKey: k}, {secretKey: l}]", "k l", True),
        (EXTERNAL % "data: [{secretKey: k}], dataFrom: [{extract: {key: x}}]", "k", False),
        (EXTERNAL % "data: [{secretKey: k}], target: {template: {data: {l: x}}}", "l", True),
        (EXTERNAL % "data: [{secretKey: k}], target: {template: {mergePolicy: Merge, data: {l: x}}}", "k l", True),
        (EXTERNAL % "data: [{secretKey: k}], target: {template: {templateFrom: [{configMap: {}}]}}", "k", False),
        (EXTERNAL % "data: [{secretKey: k}], target: {creationPolicy: Merge}", "k", False),
        (
            "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a, annotations:"
            " {sealedsecrets.bitnami.com/patch: 'true'}}, spec: {encryptedData: {k: Ag}}}",
            "k",
            False,
        ),
        (EXTERNAL % "data: [{secretKey: k}], target: {name: b}", "", False),
        (
            "{apiVersion: secrets-store.csi.x-k8s.io/v1, kind: SecretProviderClass, metadata: {name: x},"
            " spec: {secretObjects: [{secretName: a, data: [{key: k, objectName: o}]}]}}",
            "k",
            True,
        ),
        (
            "{apiVersion: isindir.github.com/v1alpha3, kind: SopsSecret, metadata: {name: x},"
            " spec: {secretTemplates: [{name: a, stringData: {k: ENC}}]}}",
            "k",
            True,
        ),
        (
            "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: x}, spec: {secretName: a}}",
            "tls.crt tls.key ca.crt",
            True,
        ),
        (
            "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: x},"
            " spec: {secretName: a, keystores: {jks: {create: true}}}}",
            "tls.crt tls.key ca.crt",
            False,
        ),
        (KUSTOMIZATION % "literals: [k=v], files: [l=x/y.txt, z/m.txt]", "k l m.txt", True),
        (KUSTOMIZATION % "literals: [k=v], envs: [.env]", "k", False),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}", "", False),
    ],
)
def test_keys_of_a_secret(text: str, keys: str, complete: bool) -> None:
    """Those that are known; a key is only said to be missing where all are known."""
    envelope = read_envelope(text)
    sources = EnvSources(envelope.items)
    known = sources.read("Secret", "", "a")
    assert list(known) == keys.split()
    assert set(known.values()) <= {None}
    assert sources.lacks("Secret", "", "a", "other") == (tuple(known) if complete else ())
    assert all(not sources.lacks("Secret", "", "a", key) for key in known)


def test_what_several_objects_say_is_joined() -> None:
    """An ExternalSecret may add keys to a Secret that is there."""
    secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {l: v}}\n---\n"
    envelope = read_envelope(secret + EXTERNAL % "data: [{secretKey: k}], dataFrom: [{}]")
    sources = EnvSources(envelope.items)
    assert list(sources.read("Secret", "", "a")) == ["l", "k"]
    assert not sources.lacks("Secret", "", "a", "other")


def test_a_literal_of_a_generated_config_map_has_its_value() -> None:
    text = (KUSTOMIZATION % "literals: [OTEL_SERVICE_NAME=shop=a]").replace("secretG", "configMapG")
    envelope = read_envelope(text)
    assert EnvSources(envelope.items).read("ConfigMap", "", "a") == {"OTEL_SERVICE_NAME": "shop=a"}
