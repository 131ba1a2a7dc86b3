"""Finding the files and folders that a recipe names."""

from __future__ import annotations

from pathlib import Path

from r1data.errors import SourceError
from r1data.recipe import Recipe
from r1data.sources.hints import did_you_mean

WILDCARDS = "*?["


def find_files(pattern: str, recipe: Recipe) -> list[tuple[str, Path]]:
    """The files that a path with or without wildcards names, each with the label that rows are known by.

    A label is the path below the pattern's last folder without wildcards, so it tells files of one name apart and
    is the same on every machine.

    Raises:
        SourceError: there is none, or the path cannot be one.
    """
    try:
        whole = recipe.resolve(pattern)
        found = [(_shown(whole.name), whole)] if whole.is_file() else _matches(pattern, recipe)
    except (OSError, ValueError, RuntimeError) as error:
        remedy = "check the path; it is relative to the recipe's folder"
        raise SourceError(f"prompts: {_shown(pattern)} cannot be used as a path: {error}", remedy) from None
    if not found:
        raise missing(whole)
    return found


def missing(path: Path) -> SourceError:
    """The error for a path that leads nowhere, naming what lies beside it."""
    if path.is_dir():
        remedy = "name the files in it, such as folder/*.jsonl, or read the folder with kind: hub"
        return SourceError(f"prompts: {_shown(path)} is a folder, not a file", remedy)
    folder = path.parent
    if not folder.is_dir():
        remedy = f"there is no folder {_shown(folder)} either; paths are relative to the recipe's folder"
    else:
        names = [_shown(p.name) for p in folder.iterdir()]
        remedy = did_you_mean(_shown(path.name), names, f"{_shown(folder)} has") + " (paths are relative to the recipe)"
    return SourceError(f"prompts: there is no file {_shown(path)}", remedy)


def _matches(pattern: str, recipe: Recipe) -> list[tuple[str, Path]]:
    """What the wildcards of the pattern match; brackets in the recipe's own folder are no wildcards."""
    parts = Path(pattern).parts
    wild = next((i for i, part in enumerate(parts) if any(c in part for c in WILDCARDS)), None)
    if wild is None:
        return []
    folder = recipe.resolve(str(Path(*parts[:wild])))
    found = sorted(path for path in folder.glob(str(Path(*parts[wild:]))) if path.is_file())
    return [(_shown(path.relative_to(folder)), path) for path in found]


def _shown(path: str | Path) -> str:
    """A path as text that can be printed and stored, whatever bytes its name holds."""
    text = path.as_posix() if isinstance(path, Path) else path
    return text.encode("utf-8", "backslashreplace").decode()
