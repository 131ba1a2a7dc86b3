"""Settings: a recipe and a runtime as a command names them, with its `--set` changes."""

from __future__ import annotations

from pathlib import Path

from r1data.errors import RecipeError
from r1data.recipe import Recipe, Runtime, read_recipe, read_runtime

RUNTIME_PREFIX = "runtime."


def read_settings(recipe: Path, runtime: Path | None, changes: list[str]) -> tuple[Recipe, Runtime]:
    """Read both files; changes that begin with `runtime.` go to the runtime."""
    ours = [change for change in changes if not change.startswith(RUNTIME_PREFIX)]
    theirs = [change.removeprefix(RUNTIME_PREFIX) for change in changes if change.startswith(RUNTIME_PREFIX)]
    return read_recipe(recipe, ours), read_runtime(runtime, theirs)


def read_mix_runtime(mix: Path, runtime: Path | None, changes: list[str]) -> Runtime:
    """Read the runtime of a mix, whose own keys are not changed from the command line.

    Raises:
        RecipeError: a change is none of the runtime's.
    """
    for change in changes:
        if not change.startswith(RUNTIME_PREFIX):
            raise RecipeError(
                f"--set {change}: {mix} is a mix, of which only {RUNTIME_PREFIX}* can be set here",
                "write it under `set` of the part that it is about",
            )
    return read_runtime(runtime, [change.removeprefix(RUNTIME_PREFIX) for change in changes])
