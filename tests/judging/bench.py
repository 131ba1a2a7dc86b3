"""A judge to test with: the tiny model's tokenizer, and an engine that replies as it is told."""

import json
from collections.abc import Callable
from pathlib import Path

from r1data.engines import Failure, Reply, Request
from r1data.judging import Judge, open_judge
from r1data.model import LoadedModel, load_model
from r1data.recipe import JudgeSettings, Recipe
from schemas import FinishReason

Script = Callable[[Request, int], str | Failure]


def model(tiny: Path) -> LoadedModel:
    prompts = [{"kind": "shipped", "dataset": "arithmetic-en"}]
    return load_model(Recipe.model_validate({"name": "t", "model": str(tiny), "prompts": prompts}))


def judge_with(tiny: Path, **settings: object) -> Judge:
    return open_judge(model(tiny), JudgeSettings.model_validate(settings))


def said(verdict: str, analysis: str = "Because.") -> str:
    return json.dumps({"analysis": analysis, "verdict": verdict})


class StubEngine:
    """Replies with `script(request, number)`, and keeps what it was asked."""

    name = "stub"

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked: list[Request] = []

    async def complete(self, request: Request) -> Reply | Failure:
        self.asked.append(request)
        text = self._script(request, len(self.asked))
        return text if isinstance(text, Failure) else Reply(text, FinishReason.STOP, 1, 1)
