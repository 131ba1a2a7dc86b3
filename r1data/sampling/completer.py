"""The completer: one draw, from what is asked to the row that comes of it, or to the cut at which it is interrupted."""

from __future__ import annotations

import time

from r1data.engines import Engine, Failure, Reply, Request
from r1data.model import LoadedModel
from r1data.recipe import Recipe
from r1data.sampling.draws import completion_id, seed_of
from r1data.sampling.pursuit import Ask, Cut
from r1data.store import CutRow
from schemas import Completion, FinishReason

SET_ASIDE = "prompt set aside: "
"""What the error of a draw begins with when no other draw of its prompt can do better."""


class Completer:
    """Makes the draws of one recipe with one model on one engine."""

    def __init__(self, recipe: Recipe, model: LoadedModel, route: str, engine: Engine) -> None:
        self._recipe = recipe
        self._model = model
        self._route = route
        self._engine = engine

    async def complete(self, ask: Ask) -> Completion | Cut:
        """The row of the draw; the cut, where it has come to a cap below the last one."""
        return self._without_asking(ask) or await self._draw(ask)

    def cut_row(self, ask: Ask, cut: Cut) -> CutRow:
        """An interrupted draw as the journal keeps it."""
        key = completion_id(ask.pursuit.prompt_id, ask.pursuit.rendered.fingerprint, self._route, ask.draw)
        return CutRow(key, ask.pursuit.prompt_id, ask.draw, cut.stages, cut.text, cut.token_ids,
                      cut.prompt_tokens, cut.completion_tokens, cut.seconds)  # fmt: skip

    def _without_asking(self, ask: Ask) -> Completion | None:
        """The row of a draw for which there is nothing to send."""
        if ask.finish:
            assert ask.cut is not None
            return self._row(ask, ask.cut, FinishReason.LENGTH, self._recipe.sampling.lengths[ask.cut.stages - 1])
        if not ask.pursuit.hopeless:
            return None
        return self._failed(ask, Failure("not sent: another draw has shown that none can succeed", True), 0.0)

    async def _draw(self, ask: Ask) -> Completion | Cut:
        """Send one request: the draw from its beginning, or from where a cap interrupted it."""
        sampling = self._recipe.sampling
        before = ask.cut or Cut(0, "", (), 0, 0, 0.0)
        cap = sampling.lengths[before.stages]
        rendered = ask.pursuit.rendered
        written = self._tokens_of(before)
        request = Request(
            prompt_id=ask.pursuit.prompt_id, tokens=rendered.tokens + written, messages=rendered.messages,
            seed=seed_of(self._recipe.seed, ask.pursuit.prompt_id, ask.draw), temperature=sampling.temperature,
            top_p=sampling.top_p, max_tokens=cap - before.completion_tokens, stop=sampling.stop, loops=sampling.loops,
            written=before.text, written_tokens=before.completion_tokens, stage=before.stages,
        )  # fmt: skip
        started = time.perf_counter()
        reply = await self._engine.complete(request)
        seconds = time.perf_counter() - started
        if isinstance(reply, Failure):
            if reply.prompt_at_fault and before.stages:  # no room for more than there is: it stays as it is
                return self._row(ask, before, FinishReason.LENGTH, sampling.lengths[before.stages - 1])
            return self._failed(ask, reply, before.seconds + seconds)
        after = self._joined(before, reply, written, seconds)
        # A reply that is shorter than its cap and cut all the same has filled the model's context: it cannot go on.
        at_cap = reply.finish_reason is FinishReason.LENGTH and reply.completion_tokens >= request.max_tokens
        if at_cap and after.stages < len(sampling.lengths):
            return after
        return self._row(ask, after, reply.finish_reason, cap)

    def _tokens_of(self, cut: Cut) -> tuple[int, ...]:
        if cut.token_ids is not None:
            return cut.token_ids
        return tuple(self._model.tokenizer.encode(cut.text, add_special_tokens=False))

    def _joined(self, before: Cut, reply: Reply, written: tuple[int, ...], seconds: float) -> Cut:
        ids = None if reply.token_ids is None else written + reply.token_ids
        text = before.text + reply.text
        if before.text.endswith("\N{REPLACEMENT CHARACTER}") and ids is not None:
            text = self._model.tokenizer.decode(ids, skip_special_tokens=True)  # the cap fell into a character
        tokens = before.completion_tokens + reply.completion_tokens
        asked = before.prompt_tokens if before.stages else reply.prompt_tokens
        return Cut(before.stages + 1, text, ids, asked, tokens, before.seconds + seconds)

    def _row(self, ask: Ask, written: Cut, finish: FinishReason, cap: int) -> Completion:
        text = ask.pursuit.rendered.prefill + written.text
        return self._completion(
            ask, text=text, finish_reason=finish, max_tokens=cap, prompt_tokens=written.prompt_tokens,
            completion_tokens=written.completion_tokens, stages=written.stages, seconds=written.seconds,
        )  # fmt: skip

    def _failed(self, ask: Ask, failure: Failure, seconds: float) -> Completion:
        stages = ask.cut.stages if ask.cut else 0
        error = f"{SET_ASIDE if failure.prompt_at_fault else ''}{failure.error}"
        return self._completion(
            ask, text=None, finish_reason=FinishReason.ERROR, max_tokens=self._recipe.sampling.lengths[stages],
            prompt_tokens=len(ask.pursuit.rendered.tokens), completion_tokens=0, stages=stages, seconds=seconds,
            error=error,
        )  # fmt: skip

    def _completion(
        self,
        ask: Ask,
        *,
        text: str | None,
        finish_reason: FinishReason,
        max_tokens: int,
        prompt_tokens: int,
        completion_tokens: int,
        stages: int,
        seconds: float,
        error: str | None = None,
    ) -> Completion:
        prompt_id, rendered = ask.pursuit.prompt_id, ask.pursuit.rendered
        return Completion(
            completion_id=completion_id(prompt_id, rendered.fingerprint, self._route, ask.draw),
            prompt_id=prompt_id,
            route=self._route,
            draw=ask.draw,
            seed=seed_of(self._recipe.seed, prompt_id, ask.draw),
            model=self._model.name,
            model_fingerprint=self._model.fingerprint,
            rendered=rendered.fingerprint,
            temperature=self._recipe.sampling.temperature,
            top_p=self._recipe.sampling.top_p,
            max_tokens=max_tokens,
            engine=self._engine.name,
            text=text,
            finish_reason=finish_reason,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            stages=stages,
            seconds=seconds,
            error=error,
        )


def sent_tokens(ask: Ask, result: Completion | Cut) -> int:
    """Tokens of the prompt as this request sent it, with what it went on from."""
    if _nothing_was_written(ask, result):
        return 0
    return result.prompt_tokens + (ask.cut.completion_tokens if ask.cut else 0)


def written_tokens(ask: Ask, result: Completion | Cut) -> int:
    """Tokens that this request wrote."""
    if _nothing_was_written(ask, result):
        return 0
    return result.completion_tokens - (ask.cut.completion_tokens if ask.cut else 0)


def _nothing_was_written(ask: Ask, result: Completion | Cut) -> bool:
    return ask.finish or (isinstance(result, Completion) and result.error is not None)
