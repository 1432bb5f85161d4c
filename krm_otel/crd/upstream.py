"""What a ClassRuntime has beside our block: the fields that upstream has released, with the same types.

Nothing here is stricter than upstream's own definition, so that objects which it accepted stay valid; what it fills in
(`default`) is filled in here, too. The descriptions are ours.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from krm_otel.config.schema.observability import FlatTelemetry, Observability

UInt16 = Annotated[int, Field(ge=0, le=65535, json_schema_extra={"format": "uint16"})]
UInt32 = Annotated[int, Field(ge=0, json_schema_extra={"format": "uint32"})]
UInt64 = Annotated[int, Field(ge=0, json_schema_extra={"format": "uint64"})]
Int32 = Annotated[int, Field(json_schema_extra={"format": "int32"})]
Int64 = Annotated[int, Field(json_schema_extra={"format": "int64"})]
Double = Annotated[float, Field(json_schema_extra={"format": "double"})]
Float = Annotated[float, Field(json_schema_extra={"format": "float"})]
Share = Annotated[float, Field(ge=0.0, le=1.0, json_schema_extra={"format": "double"})]


class Enforcement(BaseModel):
    """Whether recommendations of the NFR analyzer are carried out."""

    mode: str | None = Field(None, description="off, observe or enforce. Default: observe.")
    dimensions: list[str] | None = Field(None, description="What is enforced: replicas, memory, cpu.")


class ProvisionConfig(BaseModel):
    """How a function's runtime is provisioned."""

    container_image: str | None = Field(None, description="Image of the function.")
    port: UInt16 | None = Field(None, description="Port that the function listens on.")
    cpu_request: str | None = Field(None, description="Processor time that is asked for.")
    cpu_limit: str | None = Field(None, description="Processor time that is not exceeded.")
    memory_request: str | None = Field(None, description="Memory that is asked for.")
    memory_limit: str | None = Field(None, description="Memory that is not exceeded.")
    min_scale: UInt32 | None = Field(None, description="Fewest replicas.")
    max_scale: UInt32 | None = Field(None, description="Most replicas.")
    max_concurrency: UInt32 = Field(0, description="Requests that a replica takes at once; 0: no limit.")
    need_http2: bool = Field(False, description="Whether the function speaks HTTP/2.")
    wasm_module_url: str | None = Field(None, description="Where the component of a WASM function is.")


class QosRequirement(BaseModel):
    """What one function has to achieve."""

    availability: Share = Field(description="Share of time, from 0 to 1.")
    throughput: UInt32 = Field(0, description="Requests per second.")


class Function(BaseModel):
    """A function of the class."""

    function_key: str = Field(min_length=1, description="Key of the function.")
    description: str | None = Field(None, description="What it does, for people.")
    available_location: str | None = Field(None, description="Environment that it may run in.")
    config: dict[str, str] = Field({}, description="Variables of its environment.")
    container_image: str | None = Field(None, description="Image of the function; the proposal's samples have it here.")
    provision_config: ProvisionConfig | None = Field(None, description="How its runtime is provisioned.")
    qos_requirement: QosRequirement | None = Field(None, description="What it has to achieve.")


class NfrRequirements(BaseModel):
    """What the class has to achieve."""

    min_throughput_rps: UInt32 | None = Field(None, description="Requests per second at least.")
    max_latency_ms: UInt32 | None = Field(None, description="95th percentile of latency at most, in milliseconds.")
    availability_pct: Float | None = Field(None, description="Availability at least, in percent.")
    consistency: str | None = Field(None, description="Consistency, such as eventual or strong.")


class CollectionAssignment(BaseModel):
    """Where the shards of one partition are."""

    primary: UInt64 | None = Field(None, description="Node of the primary.")
    replica: list[UInt64] = Field([], description="Nodes of the replicas.")
    shard_ids: list[UInt64] = Field([], description="Its shards.")


class FunctionRoute(BaseModel):
    """Where invocations of one function go."""

    url: str = Field(description="Address of the function.")
    function_key: str | None = Field(None, description="Key of the function.")
    stateless: bool | None = Field(None, description="Whether it keeps no state. Default: true.")
    standby: bool | None = Field(None, description="Whether it is kept in standby.")
    active_group: list[UInt64] = Field([], description="Members of its active group.")
    wasm_module_url: str | None = Field(None, description="Where the component of a WASM function is.")


class Invocations(BaseModel):
    """Where invocations go."""

    fn_routes: dict[str, FunctionRoute] = Field({}, description="Routes by function.")
    disabled_fn: list[str] = Field([], description="Functions that are off.")


class OdgmConfig(BaseModel):
    """The object store of the class."""

    collections: list[str] | None = Field(None, description="Collections by name.")
    partition_count: Int32 | None = Field(None, description="Partitions of each collection. Default: 1.")
    replica_count: Int32 | None = Field(None, description="Replicas of each partition. Default: 1.")
    shard_type: str | None = Field(None, description="Type of shards, such as mst or raft. Default: mst.")
    node_id: UInt64 | None = Field(None, description="Node of this environment.")
    env_node_ids: dict[str, list[UInt64]] = Field({}, description="Nodes by environment.")
    collection_assignments: dict[str, list[CollectionAssignment]] = Field({}, description="Shards by collection.")
    invocations: Invocations | None = Field(None, description="Where invocations go.")
    options: dict[str, str] | None = Field(None, description="Further options of collections.")
    log: str | None = Field(None, description="Filter of its log.")


class Spec(BaseModel):
    """What is wanted of a class."""

    addons: list[str] | None = Field(["odgm"], description="Services beside the functions; odgm: the object store.")
    enforcement: Enforcement | None = Field(None, description="Whether recommendations are carried out.")
    functions: list[Function] = Field([], description="The functions of the class.")
    nfr_requirements: NfrRequirements | None = Field(None, description="What the class has to achieve.")
    odgm_config: OdgmConfig | None = Field(None, description="The object store of the class.")
    package_class_key: str | None = Field(None, description="Key of the class in its package.")
    selected_template: str | None = Field(None, description="Template of its runtime.")
    observability: Observability | None = Field(None, description="OpenTelemetry: what is recorded, where it goes.")
    telemetry: FlatTelemetry | None = Field(  # type: ignore[valid-type]
        None, description="The same in upstream's flat form; read where observability is absent."
    )


class Condition(BaseModel):
    """One aspect of the state."""

    type: Literal[
        "Available",
        "Progressing",
        "Degraded",
        "NfrObserved",
        "TelemetryConfigured",
        "TelemetryDegraded",
        "Unknown",
    ] = Field(description="Which aspect.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str | None = Field(None, description="Why, in one word.")
    message: str | None = Field(None, description="Why, for people.")
    lastTransitionTime: str | None = Field(None, description="When it came to be so.")


class FunctionStatus(BaseModel):
    """The state of one function."""

    function_key: str = Field(description="Key of the function.")
    service: str = Field(description="Its Service.")
    port: UInt16 = Field(description="Its port.")
    predicted_url: str = Field(description="Its address in the cluster.")
    template: str = Field(description="The template that it came from.")
    observed_url: str | None = Field(None, description="Its address as it was seen.")
    ready: bool | None = Field(None, description="Whether it is ready.")
    reason: str | None = Field(None, description="Why, in one word.")
    message: str | None = Field(None, description="Why, for people.")
    lastTransitionTime: str | None = Field(None, description="When it came to be so.")


class Recommendation(BaseModel):
    """A recommendation that was carried out."""

    component: str = Field(description="Of what: function or odgm.")
    dimension: str = Field(description="In what: replicas, memory, cpu.")
    target: Double = Field(description="To what.")
    basis: str | None = Field(None, description="From what it was derived.")
    confidence: Float | None = Field(None, description="How sure it is, from 0 to 1.")


class ResourceRef(BaseModel):
    """An object that belongs to the class."""

    kind: str = Field(description="Its kind.")
    name: str = Field(description="Its name.")


class Router(BaseModel):
    """A Zenoh router."""

    service: str = Field(description="Its Service.")
    port: Int32 = Field(description="Its port.")


class Status(BaseModel):
    """What was seen of a class."""

    conditions: list[Condition] | None = Field(None, description="Its state, aspect by aspect.")
    functions: list[FunctionStatus] | None = Field(None, description="The state of its functions.")
    last_applied_at: str | None = Field(None, description="When recommendations were carried out last.")
    last_applied_recommendations: list[Recommendation] | None = Field(None, description="Which these were.")
    last_updated: str | None = Field(None, description="When the status was written last.")
    message: str | None = Field(None, description="The state, for people.")
    nfr_recommendations: dict[str, Any] | None = Field(None, description="What the analyzer recommends.")
    observed_generation: Int64 | None = Field(None, description="The generation that the status is about.")
    phase: str | None = Field(None, description="The state, in one word.")
    resource_refs: list[ResourceRef] | None = Field(None, description="Objects that belong to the class.")
    routers: list[Router] | None = Field(None, description="Zenoh routers of its namespace.")


class ClassRuntime(BaseModel):
    """A class of an OaaS application: its functions, its object store, and how they are observed."""

    spec: Spec = Field(description="What is wanted of it.")
    status: Status | None = Field(None, description="What was seen of it.")
