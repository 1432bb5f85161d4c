"""Models as plain classes: values that were written, defaults of the others."""

from __future__ import annotations

import pytest

from krm_otel.config.schema.collector import Batch
from krm_otel.config.schema.observability import FlatForm, FlatTelemetry, Observability, Telemetry
from krm_otel.config.schema.otel_config import KindEntry


def test_a_model_has_what_was_written_and_the_defaults_of_the_rest() -> None:
    batch = Batch(timeout="10s")
    assert (batch.timeout, batch.send_batch_size) == ("10s", 1024)
    assert list(batch.written_names) == ["timeout"]
    assert (batch.written("timeout"), batch.written("send_batch_size")) == ("10s", None)


def test_models_with_the_same_values_are_equal() -> None:
    """Whether a value was written makes no difference to what it means."""
    assert Batch(timeout="10s") == Batch() != Batch(timeout="1s")
    assert Observability() != FlatForm()


def test_a_model_with_other_values_keeps_what_was_written() -> None:
    batch = Batch(timeout="1s").replaced(send_batch_size=5)
    assert (batch.timeout, batch.send_batch_size, sorted(batch.written_names)) == (
        *("1s", 5),
        ["send_batch_size", "timeout"],
    )


def test_fields_are_known_by_the_names_that_users_write() -> None:
    """Those of a base class come first, and one that is declared again keeps its place."""
    assert list(KindEntry.settings) == ["apiVersion", "kind", "path"]
    assert KindEntry.required == {"api_version", "kind", "path"}
    assert list(FlatForm.settings) == [*Observability.settings, "features_otel"]
    assert FlatForm.settings["collector"] is not Observability.settings["collector"]


def test_a_required_field_has_no_default() -> None:
    with pytest.raises(AttributeError):
        KindEntry(kind="Rollout").path  # noqa: B018


def test_the_flat_block_has_the_types_of_the_block() -> None:
    for name in [name for name in FlatTelemetry.settings if name != "enabled"]:
        assert FlatTelemetry.settings[name].annotation == Telemetry.settings[name].annotation | None
