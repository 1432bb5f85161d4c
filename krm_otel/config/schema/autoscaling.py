"""`autoscaling` of a managed Deployment."""

from __future__ import annotations

from typing import Any, Final

from krm_otel.config import types
from krm_otel.config.schema.setting import REQUIRED, Model, setting
from krm_otel.config.types.finding import fault
from krm_otel.diagnostics.rules import collector as rules

_TARGET_CPU: Final = 75
"""Percent of the requested processor time at which an autoscaler adds pods."""


class ScalingBehavior(Model):
    """How fast a HorizontalPodAutoscaler adds and removes pods. Source: Kubernetes API, `autoscaling/v2`."""

    scale_up: types.ScalingRules = setting(
        {}, "As `scaleUp` of a HorizontalPodAutoscaler.", example="{stabilizationWindowSeconds: 60}"
    )
    scale_down: types.ScalingRules = setting(
        {}, "As `scaleDown` of a HorizontalPodAutoscaler.", example="{stabilizationWindowSeconds: 600}"
    )

    def by_name(self) -> dict[str, Any]:
        """The written directions, by Kubernetes' names."""
        directions = {"scaleUp": dict(self.scale_up), "scaleDown": dict(self.scale_down)}
        return {name: rules for name, rules in directions.items() if rules}


class Autoscaling(Model):
    """How many pods a managed Deployment has, by load."""

    min_replicas: types.Count = setting(1, "Fewest pods.", example="2")
    max_replicas: types.Count = setting(REQUIRED, "Most pods.", example="5")
    cpu: types.Percentage | None = setting(
        None,
        "Target utilization of the requested processor time, in percent.",
        shown="75; with memory, none",
        example="60",
    )
    memory: types.Percentage | None = setting(
        None,
        "Target utilization of the requested memory, in percent.",
        example="70",
        note="With both targets, the one that needs more pods decides. Tail sampling is bound by memory.",
    )
    behavior: ScalingBehavior = setting(
        ScalingBehavior(), "How fast pods are added and removed, as in a HorizontalPodAutoscaler."
    )

    def check(self) -> None:
        """The highest number is not below the lowest."""
        if self.max_replicas < self.min_replicas:
            text = f"has max_replicas {self.max_replicas} below min_replicas"
            raise fault(rules.AUTOSCALING_RANGE, text, fix=f"write {self.min_replicas} or more")

    @property
    def targets(self) -> dict[str, int]:
        """The resources that it scales by, with the target utilization of each in percent."""
        cpu = self.cpu or (None if self.memory else _TARGET_CPU)
        return {name: target for name, target in (("cpu", cpu), ("memory", self.memory)) if target}
