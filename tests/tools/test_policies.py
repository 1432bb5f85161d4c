"""Policies of tail sampling: what we refuse and what the real collector refuses when it starts."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from krm_otel.config.types.tail_sampling import TYPES, policy_findings
from tests.support.collector import class_and_settings
from tests.support.otelcol import wait_until_healthy
from tests.tools.rendered import container_of, environment
from tests.tools.test_collector_configs import on_this_machine
from tools.build import require

ALWAYS = "{name: b, type: always_sample}"
SOUND = (
    "{name: a, type: always_sample}",
    "{name: a, type: boolean_attribute, boolean_attribute: {key: k, value: true, invert_match: true}}",
    "{name: a, type: bytes_limiting, bytes_limiting: {bytes_per_second: 5, burst_capacity: 9}}",
    "{name: a, type: latency, latency: {threshold_ms: 5, upper_threshold_ms: 9}}",
    "{name: a, type: numeric_attribute, numeric_attribute: {key: k, min_value: 1, max_value: 2, invert_match: false}}",
    "{name: a, type: ottl_condition, ottl_condition: {error_mode: ignore, span: ['attributes[\"k\"] == 1']}}",
    "{name: a, type: ottl_condition, ottl_condition: {error_mode: silent, spanevent: ['name == \"x\"']}}",
    "{name: a, type: probabilistic, probabilistic: {sampling_percentage: 12.5, hash_salt: x}}",
    "{name: a, type: probabilistic, probabilistic: {sampling_percentage: 5}}",
    "{name: a, type: rate_limiting, rate_limiting: {spans_per_second: 5, burst_capacity: 9}}",
    "{name: a, type: span_count, span_count: {min_spans: 2, max_spans: 9}}",
    "{name: a, type: status_code, status_code: {status_codes: [ERROR, OK, UNSET]}}",
    "{name: a, type: status_code, status_code: {status_codes: ERROR}}",
    "{name: a, type: string_attribute, string_attribute: {key: k, values: [a.*], enabled_regex_matching: true, "
    "cache_max_size: 9, invert_match: true}}",
    "{name: a, type: trace_flags}",
    "{name: a, type: trace_state, trace_state: {key: k, values: [v]}}",
    "{name: a, type: latency, latency: }",
    "{name: a, type: latency, latency: {threshold_ms: }}",
    f"{{name: a, type: and, and: {{and_sub_policy: [{ALWAYS}, {{type: not, not: {{not_sub_policy: {ALWAYS}}}}}]}}}}",
    f"{{name: a, type: drop, drop: {{drop_sub_policy: [{ALWAYS}, {{type: not, not: {{not_sub_policy: {ALWAYS}}}}}]}}}}",
    f"{{name: a, type: not, not: {{not_sub_policy: {ALWAYS}}}}}",
    "{name: a, type: composite, composite: {max_total_spans_per_second: 9, policy_order: [b, c], "
    f"composite_sub_policy: [{ALWAYS}, {{name: c, type: and, and: {{and_sub_policy: [{ALWAYS}]}}}}], "
    "rate_allocation: [{policy: b, percent: 50}]}}",
)
FAULTY = (
    "{name: a, type: latncy, latency: {threshold_ms: 5}}",
    "{name: a, type: Latency, latency: {threshold_ms: 5}}",
    "{name: a, type: latency, latency: {threshold_ms: 5s}}",
    "{name: a, type: latency, latency: {threshold_ms: '5'}}",
    "{name: a, type: latency, latency: {threshold: 5}}",
    "{name: a, type: latency, latency: 5}",
    "{name: a, type: latency, latncy: 5}",
    "{name: a, type: probabilistic, probabilistic: {sampling_percentage: 10%}}",
    "{name: a, type: status_code, status_code: {status_codes: [error]}}",
    "{name: a, type: status_code, status_code: {status_codes: []}}",
    "{name: a, type: status_code}",
    "{name: a, type: string_attribute, string_attribute: {key: k, values: [200]}}",
    "{name: a, type: string_attribute, string_attribute: {key: 5}}",
    "{name: a, type: boolean_attribute, boolean_attribute: {key: k, value: 'true'}}",
    "{name: a, type: ottl_condition}",
    "{name: a, type: ottl_condition, ottl_condition: {error_mode: x, span: ['attributes[\"k\"] == 1']}}",
    "{name: a, type: and, and: {and_sub_policy: [{name: b, type: nope}]}}",
    "{name: a, type: and, and: {and_sub_policy: [{name: b, type: and}]}}",
    "{name: a, type: drop, drop: {drop_sub_policy: [{name: b, type: composite}]}}",
    "{name: a, type: not}",
    f"{{name: a, type: not, not: {{not_sub_policy: {{type: not, not: {{not_sub_policy: {ALWAYS}}}}}}}}}",
    "{name: a, type: composite, composite: {composite_sub_policy: [{name: b, type: not}]}}",
    "{name: a, type: composite, composite: {max_total: 5, composite_sub_policy: [{name: b, type: always_sample}]}}",
)


def refused_by_the_collector(policy: str, folder: Path) -> str:
    """What it says when it ends at its start; nothing where it is healthy."""
    folder.mkdir()
    oaas_class, settings = class_and_settings("collector: {mode: deployment}", "collector: {tail_sampling: {}}")
    text, health = on_this_machine(oaas_class, settings, folder / "queue")
    config = yaml.safe_load(text)
    config["processors"]["tail_sampling"]["policies"] = [yaml.safe_load(policy)]
    file, log = folder / "collector.yaml", folder / "collector.log"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    env = environment(container_of(oaas_class, settings))
    with log.open("wb") as output:
        process = subprocess.Popen([str(require("otelcol")), f"--config={file}"], env=env, stdout=output, stderr=output)
        try:
            wait_until_healthy(process, f"http://127.0.0.1:{health}", log)
            return ""
        except AssertionError:
            assert process.poll() not in (None, 0), "it ends, and says why"
            return log.read_text()
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("policies")
    policies = (*SOUND, *FAULTY)
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(refused_by_the_collector, policies, (folder / str(n) for n in range(len(policies))))
        return dict(zip(policies, found, strict=True))


@pytest.mark.parametrize("policy", SOUND)
def test_what_the_collector_takes_we_take(policy: str, said: dict[str, str]) -> None:
    assert said[policy] == ""
    assert list(policy_findings(yaml.safe_load(policy))) == []


@pytest.mark.parametrize("policy", FAULTY)
def test_what_the_collector_refuses_we_refuse_before_it(policy: str, said: dict[str, str]) -> None:
    assert "tail_sampling" in said[policy]
    assert list(policy_findings(yaml.safe_load(policy))) != []


def test_every_type_is_among_them() -> None:
    assert {yaml.safe_load(policy)["type"] for policy in SOUND} == set(TYPES)
    for kind, fields in TYPES.items():
        blocks = [yaml.safe_load(policy).get(kind) or {} for policy in SOUND]
        assert set(fields) == {field for block in blocks for field in block}, kind
