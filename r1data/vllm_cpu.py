"""vLLM's worker for processors, with one fault of vLLM 0.32 mended. An engine's command line names it.

A request with a seed has a random generator of its own. When its prompt is read in chunks, what is sampled behind one
that is not the last is thrown away, and the generator must be where it was. vLLM sets it back by its offset, which
generators on a CPU do not have: the engine dies. Without chunks vLLM offers no prefix caching on a CPU either, and the
exemplars or the rubric that all prompts begin with would be read again for each of them.
"""

# It stands outside of `engines` so that the engine's process loads vLLM and this, and nothing else of r1data.
from __future__ import annotations

from typing import Any

import torch
from vllm.v1.worker.cpu_model_runner import CPUModelRunner
from vllm.v1.worker.cpu_worker import CPUWorker


class SeededModelRunner(CPUModelRunner):
    """A model runner whose requests with a seed may have their prompts read in chunks."""

    def _discarded(self) -> dict[int, torch.Generator]:
        """The generators of the requests whose sample of this step counts for nothing, by their place in the batch."""
        unfinished = self.discard_request_mask.np[: self.input_batch.num_reqs].nonzero()[0]
        generators = self.input_batch.generators
        return {int(place): generators[int(place)] for place in unfinished if int(place) in generators}

    def _sample(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- vLLM's own
        states = [(generator, generator.get_state()) for generator in self._discarded().values()]
        sampled = super()._sample(*args, **kwargs)
        for generator, state in states:
            generator.set_state(state)
        return sampled

    def _bookkeeping_sync(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- vLLM's own
        done = self._discarded()  # are where they were: nothing is to be set back
        for place in done:
            del self.input_batch.generators[place]
        try:
            return super()._bookkeeping_sync(*args, **kwargs)
        finally:
            self.input_batch.generators.update(done)


class Worker(CPUWorker):
    """vLLM's worker with our model runner in it."""

    def init_device(self) -> None:
        super().init_device()
        if type(self.model_runner) is CPUModelRunner:
            self.model_runner: CPUModelRunner = SeededModelRunner(self.vllm_config, torch.device("cpu"))
