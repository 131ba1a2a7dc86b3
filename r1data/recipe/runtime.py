"""The runtime: where and how fast to make it. Nothing here changes which rows come out, but for `stand_ins`."""

from __future__ import annotations

import math
import shutil
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from r1data.recipe.recipe import Model, Template
from r1data.recipe.strict import Strict
from r1data.recipe.training import TrainingRuntime

SPREAD = (
    "--tensor-parallel-size", "-tp", "--pipeline-parallel-size", "-pp", "--data-parallel-size", "-dp",
)  # fmt: skip
"""Arguments of vLLM that multiply the GPUs it takes."""


class LocalEngine(Strict):
    """A vLLM server on this machine, started for the recipe's model and stopped with the run."""

    kind: Literal["local"] = "local"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """By default a free one."""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    args: tuple[str, ...] = ()
    """More arguments for the vLLM server, such as `--tensor-parallel-size`, `4`."""
    env: dict[str, str] = {}
    startup_seconds: Annotated[float, Field(gt=0)] = 600.0
    silence_seconds: Annotated[float, Field(gt=0)] = 300.0
    """An engine that has work and says nothing for so long is stopped and started again."""
    max_restarts: Annotated[int, Field(ge=0)] = 3
    """Restarts in a row without a single reply between them."""

    @property
    def on_cpu(self) -> bool:
        """Whether it computes on the CPU: where it may choose, that is on a machine without an NVIDIA GPU."""
        return self.device == "cpu" or (self.device == "auto" and shutil.which("nvidia-smi") is None)

    @property
    def gpus(self) -> int:
        """GPUs that it uses, as far as its arguments say how the model is spread over them."""
        if self.on_cpu:
            return 0
        given = " ".join(self.args).replace("=", " ").split()
        sizes = [int(size) for name, size in pairwise(given) if name in SPREAD and size.isdecimal()]
        return math.prod(sizes)


class ServerEngine(Strict):
    """OpenAI-compatible servers that somebody else runs."""

    kind: Literal["server"]
    endpoints: Annotated[tuple[str, ...], Field(min_length=1)]
    """Base addresses that end in `/v1`."""
    model: str | None = None
    """The model's name on the server, where it differs from the recipe's."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key. The key itself is written nowhere."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 900.0
    """Longest silence of one reply before it counts as lost: between two pieces, where it comes in pieces."""
    longest_seconds: Annotated[float, Field(gt=0)] | None = None
    """Longest time for one reply from beginning to end."""
    stream: bool = True
    """Have replies come in pieces; without, loops are noticed only when a reply is complete."""
    context_tokens: Annotated[int, Field(ge=1)] | None = None
    """The model's context, where the server does not tell it."""
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None
    tokens_per_minute: Annotated[float, Field(gt=0)] | None = None
    """Limits of a hosted service, per endpoint, prompt and reply together; what it says itself is honoured anyway."""
    patience_seconds: Annotated[float, Field(ge=0)] = 120.0
    """How long to go on trying when no endpoint answers, before giving up with everything safe."""


class ScriptedEngine(Strict):
    """No model: replies made up from the seed, right at a given rate. For rehearsals and fault injection."""

    kind: Literal["scripted"]
    accuracy: Annotated[float, Field(ge=0, le=1)] = 0.5
    flaws: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of replies that have one of the flaws the filters exist for."""
    failures: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of requests that come back as an error."""
    judge_accuracy: Annotated[float, Field(ge=0, le=1)] = 0.9
    """Share of its judgements that are what they should be."""
    latency_seconds: Annotated[float, Field(ge=0)] = 0.0
    context_tokens: Annotated[int, Field(ge=1)] = 32768
    spread: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How much prompts differ: each has an accuracy of its own, at most so far from `accuracy`."""
    loops: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of replies that repeat themselves for ever."""
    reply_chars: Annotated[int, Field(ge=0)] = 0
    """Least length of a reply: the reasoning is filled up to it."""


EngineChoice = Annotated[LocalEngine | ServerEngine | ScriptedEngine, Field(discriminator="kind")]


class Price(Strict):
    """What sampling costs, so that a run can say what a kept row cost."""

    gpu_hour: Annotated[float, Field(ge=0)] | None = None
    """Of one GPU, for each hour that the engine runs."""
    prompt_tokens: Annotated[float, Field(ge=0)] | None = None
    """Of a million tokens sent."""
    completion_tokens: Annotated[float, Field(ge=0)] | None = None
    """Of a million tokens written."""
    currency: str = "USD"


class StandIn(Strict):
    """A model that stands in for one that a recipe names, and how it is asked where that is another way. A text alone
    is the model's.
    """

    model: Model
    """A folder is relative to the runtime's file."""
    template: Template | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None

    @field_validator("model", mode="before")
    @classmethod
    def _model_by_name(cls, model: object) -> object:
        return {"id": model} if isinstance(model, str) else model

    @model_validator(mode="before")
    @classmethod
    def _text_is_a_model(cls, given: object) -> object:
        return {"model": given} if isinstance(given, str) else given


class Runtime(Strict):
    """Where and how fast: the engine, how much at once, how many workers."""

    engine: EngineChoice = LocalEngine()
    judge_engine: EngineChoice | None = None
    """Where the judge runs; by default an engine like `engine`, which is the very same one if the model is too."""
    reward_engine: ServerEngine | None = None
    """Where the reward model is served, for recipes that name one in `verification.quality.reward`."""
    concurrency: Annotated[int, Field(ge=1)] = 256
    """Requests in flight, per endpoint."""
    verify_workers: Annotated[int, Field(ge=1)] | None = None
    """Verifier processes; by default one per core, at most eight."""
    shard_prompts: Annotated[int, Field(ge=1)] = 500
    """Prompts per shard, the unit of sealing and of a Prefect task."""
    gpus: Annotated[int, Field(ge=1)] | None = None
    """GPUs that the engine keeps busy, for the reckoning of GPU-hours; by default what a local
    engine's arguments say, and one per endpoint of a server.
    """
    price: Price = Price()
    training: TrainingRuntime = TrainingRuntime()
    """Where and how models are trained."""
    stand_ins: dict[str, StandIn] = {}
    """Other models in the place of those that recipes name, by the name of a mix's part or by that of the model. For
    rehearsals on a small machine, and the one thing here that changes what comes out; tables and cards name the model
    that did write.
    """

    @field_validator("engine", "judge_engine", mode="before")
    @classmethod
    def _local_by_default(cls, engine: object) -> object:
        return {"kind": "local", **engine} if isinstance(engine, dict) else engine
