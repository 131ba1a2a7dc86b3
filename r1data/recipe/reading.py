"""Reading recipes and runtimes from YAML, with errors that name the key and the remedy."""

from __future__ import annotations

import difflib
import types
import typing
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from r1data.errors import RecipeError
from r1data.recipe.merging import Merge
from r1data.recipe.mix import Mix
from r1data.recipe.pipeline import Pipeline
from r1data.recipe.recipe import Model, Recipe
from r1data.recipe.refinement import Refinement
from r1data.recipe.runtime import Runtime, ServerEngine
from r1data.recipe.training import Grpo, RewardModelling, Sft

M = TypeVar("M", bound=BaseModel)
TRAININGS: dict[str, type[Sft] | type[Grpo] | type[RewardModelling]] = {
    "sft": Sft, "grpo": Grpo, "reward": RewardModelling,
}  # fmt: skip


def read_recipe(path: Path, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe; `overrides` are `dotted.key=value` strings as given to `--set`.

    Raises:
        RecipeError: the file is missing, is no YAML mapping, or holds a key or value that does not fit.
    """
    recipe = _parse(Recipe, _override(_load(path), overrides or []), path)
    return recipe.model_copy(update={"folder": path.resolve().parent})


def read_refinement(path: Path | None, overrides: list[str] | None = None) -> Refinement:
    """Read what is kept of replies: from a recipe, from a file with these sections alone, or from none (the defaults).

    Raises:
        RecipeError: as in `read_recipe`.
    """
    if path is None:
        return refinement_of({}, overrides)
    document = _load(path)
    if "model" in document or "prompts" in document:
        return Refinement.of(read_recipe(path, overrides))
    document.pop("name", None)
    refinement = _parse(Refinement, _override(document, overrides or []), path)
    return refinement.model_copy(update={"folder": path.resolve().parent})


def refinement_of(document: dict[str, Any], overrides: list[str] | None = None) -> Refinement:
    """What a mapping says of what is kept; the defaults where it says nothing."""
    return _parse(Refinement, _override(document, overrides or []), Path("the settings"))


def read_merge(path: Path | None, overrides: list[str] | None = None) -> Merge:
    """Read how parts are merged: from a file with these keys, or with them under `merge`; the defaults from none.

    Raises:
        RecipeError: as in `read_recipe`.
    """
    document = _load(path) if path else {}
    document = document.get("merge", document) or {}
    if not isinstance(document, dict):
        raise RecipeError(f"{path}: merge should hold keys, such as quotas", "see docs/merge.md")
    return _parse(Merge, _override(document, overrides or []), path or Path("the settings"))


def read_runtime(path: Path | None, overrides: list[str] | None = None) -> Runtime:
    """Read a runtime, or make the default one (a local vLLM) where no file is given."""
    document = _load(path) if path else {}
    runtime = _parse(Runtime, _override(document, overrides or []), path or Path("the default runtime"))
    if path is not None:
        runtime = _placed(runtime, path.resolve().parent)
    for engine in (runtime.engine, runtime.judge_engine, runtime.reward_engine):
        # Addresses appear in errors, rows and logs. Not the address itself here, either: it holds a secret.
        if isinstance(engine, ServerEngine) and any(urlsplit(url).username is not None for url in engine.endpoints):
            raise RecipeError(
                "engine.endpoints: an address holds a user name or a password",
                "name the environment variable that holds the key in engine.api_key_env",
            )
    return runtime


def read_mix(path: Path, overrides: list[str] | None = None, scale: float = 1.0) -> Mix:
    """Read a mix; with `scale`, its quotas and budgets are so many times as large.

    Raises:
        RecipeError: as in `read_recipe`.
    """
    mix = _parse(Mix, _override(_load(path), overrides or []), path)
    return mix.model_copy(update={"folder": path.resolve().parent, "merge": mix.merge.scaled(scale)})


def read_training(path: Path, overrides: list[str] | None = None) -> Sft | Grpo | RewardModelling:
    """Read what to train; its name is the file's where it has none.

    Raises:
        RecipeError: as in `read_recipe`.
    """
    document = _override(_load(path), overrides or [])
    kind = TRAININGS.get(str(document.get("kind")))
    if kind is None:
        raise RecipeError(f"{path}: kind: should be one of {', '.join(TRAININGS)} (got {document.get('kind')!r})")
    settings = _parse(kind, {"name": path.stem, **document}, path)
    return settings.model_copy(update={"folder": path.resolve().parent})


def read_pipeline(path: Path, overrides: list[str] | None = None) -> Pipeline:
    """Read a pipeline.

    Raises:
        RecipeError: as in `read_recipe`.
    """
    pipeline = _parse(Pipeline, _override(_load(path), overrides or []), path)
    return pipeline.model_copy(update={"folder": path.resolve().parent})


def is_pipeline(path: Path) -> bool:
    """Whether the file describes a pipeline of stages.

    Raises:
        RecipeError: it cannot be read.
    """
    return "stages" in _load(path)


def is_mix(path: Path) -> bool:
    """Whether the file describes a mix rather than a single recipe.

    Raises:
        RecipeError: it cannot be read.
    """
    return "parts" in _load(path)


def _placed(runtime: Runtime, folder: Path) -> Runtime:
    """Stand-ins that are folders, and files that the runtime names, by their whole paths."""

    def whole(model: Model) -> Model:
        return model.model_copy(update={"id": model.placed(folder)})

    placed = {name: one.model_copy(update={"model": whole(one.model)}) for name, one in runtime.stand_ins.items()}
    training = runtime.training
    if training.accelerate is not None:
        there = (folder / Path(training.accelerate).expanduser()).resolve()
        training = training.model_copy(update={"accelerate": str(there)})
    return runtime.model_copy(update={"stand_ins": placed, "training": training})


def _load(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such file", _nearby(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: is no valid YAML: {error}") from None
    if not isinstance(document, dict):
        raise RecipeError(f"{path}: should be a YAML mapping of keys to values", "see data/recipes/ for examples")
    return document


def _nearby(path: Path) -> str:
    folder = path.parent
    known = sorted(p.name for p in folder.glob("*.y*ml")) if folder.is_dir() else []
    return f"{folder}/ has: {', '.join(known)}" if known else "check the path; examples are in data/recipes/"


def _override(document: dict[str, Any], overrides: list[str]) -> dict[str, Any]:
    for override in overrides:
        key, separator, value = override.partition("=")
        if not separator:
            raise RecipeError(f"--set {override}: should be KEY=VALUE, such as sampling.draws=8")
        *parents, last = key.split(".")
        place = document
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise RecipeError(f"--set {override}: {parent} holds a single value, not keys")
        place[last] = yaml.safe_load(value)
    return document


def _parse(model: type[M], document: dict[str, Any], path: Path) -> M:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        # A list in which every item is wrong is also too short, which helps nobody.
        details = [d for d in error.errors() if d["type"] != "too_short" or not d["input"]]
        lines = [_explain(model, detail) for detail in details]
        raise RecipeError("\n".join(f"{path}: {line}" for line in lines)) from None


def _explain(model: type[BaseModel], detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    match detail["type"]:
        case "extra_forbidden":
            key = str(detail["loc"][-1])
            known = _known_keys(model, detail["loc"][:-1])
            guess = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean '{guess[0]}'?" if guess else f"known here: {', '.join(sorted(known))}"
            return f"{where}: unknown key; {hint}"
        case "missing":
            return f"{where}: is required"
        case "union_tag_not_found":
            return f"{where}: needs a key 'kind'; {detail['msg']}"
        case _:
            message = detail["msg"].removeprefix("Value error, ")
            return f"{where}: {message} (got {detail['input']!r})"


def _known_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Follow an error's location through nested models, lists and unions to the model that refused the key."""
    here: list[type[BaseModel]] = [model]
    for part in loc:
        inner: list[type[BaseModel]] = []
        for candidate in here:
            if isinstance(part, str) and part in candidate.model_fields:
                inner += _models_in(candidate.model_fields[part].annotation)
        # An index or a union's tag stays at the models already found.
        tagged = [m for m in here if "kind" in m.model_fields and part in _kinds(m)]
        here = inner or tagged or here
    return sorted({name for m in here for name in m.model_fields if not m.model_fields[name].exclude})


def _kinds(model: type[BaseModel]) -> tuple[object, ...]:
    return get_args(model.model_fields["kind"].annotation)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (list, tuple, types.UnionType, typing.Union, typing.Annotated):
        return [m for argument in get_args(annotation) for m in _models_in(argument)]
    return []
