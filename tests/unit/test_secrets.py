"""A secret never appears in what is generated, in results, in a diff or on standard error: tested with a canary."""

from __future__ import annotations

import json

import pytest

from krm_otel.run import Outcome, Source, run
from krm_otel.views.diff import unified
from krm_otel.views.lines import lines
from krm_otel.views.report import report

CANARY = "canary-8c1d"
INPUT = """\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
functionConfig:
  apiVersion: fn.oaas.io/v1alpha1
  kind: OTelConfig
  metadata: {{name: otel}}
  spec:
    telemetry: {{propagators: [w3c]}}
    backends: {{tempo: {{endpoint: "https://tempo:4317", headers: {{Authorization: {header}}}}}}}
    collector: {{{collector}}}
items:
- apiVersion: v1
  kind: Secret
  metadata: {{name: tempo}}
  stringData: {{token: {canary}, OTEL_EXPORTER_OTLP_HEADERS: "authorization={canary}"}}
- apiVersion: oaas.io/v1alpha1
  kind: ClassRuntime
  metadata: {{name: echo}}
  spec:
    observability:
      enabled: true
      collector: {{mode: {mode}, exporters: {{traces: tempo, metrics: {metrics}}}}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {{name: echo}}
  spec:
    template:
      spec:
        containers:
        - name: function
          envFrom: [{{secretRef: {{name: tempo}}}}]
          env:
          - {{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "{endpoint}"}}
"""
SOUND = {
    "header": "{secret: tempo, key: token}",
    "collector": "env: {TOKEN: {secret: tempo, key: token}}",
    "mode": "sidecar",
    "metrics": "debug",
    "endpoint": "http://own:4317",
    "canary": CANARY,
}


def outcome_of(environ: dict[str, str], **changed: str) -> tuple[Outcome, str]:
    text = INPUT.format(**{**SOUND, **changed})
    return run([Source(text.encode())], environ), text


def assert_silent(outcome: Outcome, text: str) -> None:
    """What comes out has the canary where it came in, and nowhere else."""
    (out,) = outcome.texts
    assert out is not None
    assert out.count(CANARY) == text.count(CANARY)
    added = [line for line in unified(text, out, "items") if line.startswith("+")]
    assert CANARY not in "\n".join(added)
    assert CANARY not in "\n".join(line.text for line in lines(outcome))
    assert CANARY not in json.dumps(report(outcome))


@pytest.mark.parametrize("mode", ["sidecar", "deployment", "external, endpoint: 'http://otel:4317'"])
def test_a_secret_of_the_input_is_never_read(mode: str) -> None:
    outcome, text = outcome_of({}, mode=mode, metrics="tempo")
    assert outcome.exit_code == 0, outcome.results
    assert outcome.changes[0].action == "injected"
    assert_silent(outcome, text)


@pytest.mark.parametrize(
    "changed",
    [
        {"header": f"'Bearer {CANARY}'"},
        {"header": f"{{secret: tempo, key: token, value: {CANARY}}}"},
        {"metrics": f"'https://user:{CANARY}@vendor:4317'"},
        {"metrics": f"'user:{CANARY}@vendor:4317'"},
        {"metrics": f"'https://vendor:4317?token={CANARY}'"},
        {"mode": f"external, endpoint: 'https://{CANARY}@vendor:4317'"},
        {"collector": f"headers: {{Authorization: {CANARY}}}, endpoint: 'https://vendor:4317'"},
        {"collector": f"env: {{TOKEN: {CANARY}}}"},
        {"collector": f"config: {{exporters: {{otlp_http: {{headers: {{Authorization: {CANARY}}}}}}}}}"},
        {"collector": f"config: {{extensions: {{bearertokenauth: {{token: {CANARY}}}}}}}"},
        {"collector": f"headers: 'Authorization={CANARY}', endpoint: 'https://vendor:4317'"},
        {"collector": f"headers: {{Authorization: {{secret: 'Bearer {CANARY}', key: t}}}}"},
        {"collector": f"headers: {{X-Vendor: {CANARY}}}"},
        {"collector": f"headers: {{X-Vendor-Token: {{value: {CANARY}}}}}"},
        {"collector": f"env: {{TOKEN: {{secret: '{CANARY} {CANARY}', key: t}}}}"},
        {"collector": f"env: {{A: 'https://u:{CANARY}@x'}}"},
        {"collector": f"env: ['TOKEN={CANARY}']"},
        {"collector": f"env: {{OTEL_EXPORTER_OTLP_HEADERS: 'x-vendor={CANARY}'}}"},
        {"collector": f'config: "exporters: {{otlp_http: {{headers: {{x: {CANARY}}}}}}}"'},
        {"metrics": f"'https://hooks.slack.com/services/T0/B0/{CANARY}'"},
        {"collector": f"config: {{exporters: {{otlp_http: {{headers: {{x: {CANARY}, X: {CANARY}}}}}}}}}"},
        {"collector": f"config: {{extensions: {{basicauth: {{client_auth: {{password: {CANARY}}}}}}}}}"},
    ],
)
def test_a_literal_secret_is_refused_and_not_repeated(changed: dict[str, str]) -> None:
    outcome, text = outcome_of({}, **changed)
    assert outcome.exit_code == 1
    assert_silent(outcome, text)


@pytest.mark.parametrize("field", ["headers: {Authorization: 12345678}", "env: {PIN: 12345678}"])
def test_a_number_is_not_repeated(field: str) -> None:
    """The message of other fields has the number, in quotes."""
    outcome, _ = outcome_of({}, collector=field)
    assert outcome.exit_code == 1
    assert "12345678" not in json.dumps(report(outcome)) + "".join(line.text for line in lines(outcome))


@pytest.mark.parametrize("name", ["ENDPOINT", "EXPORTER_TRACES"])
def test_a_secret_in_the_environment_is_not_repeated(name: str) -> None:
    outcome, text = outcome_of({f"OPRC_CRM_OTEL_{name}": f"https://user:{CANARY}@vendor:4317"})
    assert outcome.exit_code == 1
    assert_silent(outcome, text)


@pytest.mark.parametrize("text", [f"team=a,vendor.token={CANARY}", f"https://user:{CANARY}@vendor:4317"])
def test_a_secret_in_attributes_is_not_repeated(text: str) -> None:
    outcome, written = outcome_of({"OPRC_CRM_OTEL_RESOURCE_ATTRIBUTES": text})
    assert outcome.exit_code == 1
    assert_silent(outcome, written)


@pytest.mark.parametrize("endpoint", [f"http://user:{CANARY}@own:4318", f"http://own:9999/?key={CANARY}"])
def test_a_secret_in_an_endpoint_of_a_manifest_is_not_repeated(endpoint: str) -> None:
    outcome, text = outcome_of({}, endpoint=endpoint)
    assert_silent(outcome, text)
