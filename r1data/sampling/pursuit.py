"""A pursuit: one prompt on its way to enough completions. It knows which draws are under way and what comes next.

Pure bookkeeping around `policy.next_step`. What it asks for next follows from how its draws have ended, in the order of
their indices; so a pursuit that is made anew from what is stored goes on exactly where the old one stood.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from r1data.prompts import Rendered
from r1data.recipe import AdaptiveDraws
from r1data.sampling.policy import Counts, next_step
from schemas import StopReason


@dataclass(frozen=True, slots=True)
class Cut:
    """What a draw has written when a cap interrupted it, after so many requests (`stages`)."""

    stages: int
    text: str
    token_ids: tuple[int, ...] | None
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class End:
    """How a draw ended, after so many requests (`stages`). `accepted` is the fingerprint of an acceptable text: two
    draws that say the same count once.
    """

    accepted: str | None = None
    failed: bool = False
    hopeless: bool = False
    stages: int = 1


@dataclass(frozen=True, slots=True)
class Ask:
    """A draw to make, or to go on with from a cut; with `finish`, a cut draw that stays as it is."""

    pursuit: Pursuit
    draw: int
    cut: Cut | None = None
    finish: bool = False

    @property
    def stages(self) -> int:
        """How many requests the draw has taken when this is done."""
        return (self.cut.stages if self.cut else 0) + (not self.finish)


@dataclass(eq=False, slots=True)
class Pursuit:
    """See the module. `ends` and `cuts` are what is known already of the prompt's draws, by index."""

    prompt_id: str
    rendered: Rendered
    draws: int | AdaptiveDraws
    limit: int | None = None
    ends: dict[int, End] = field(default_factory=dict)
    cuts: dict[int, Cut] = field(default_factory=dict)
    until: int = 0
    stop: StopReason | None = None
    _wave: int = 0
    """The first draw of the last wave."""
    _under_way: set[int] = field(default_factory=set)

    def end(self, draw: int, end: End) -> None:
        """A draw has ended, and it is known how good it is."""
        self._under_way.discard(draw)
        self.ends[draw] = end

    def interrupt(self, draw: int, cut: Cut) -> None:
        """A draw has come to a cap below the last one."""
        self._under_way.discard(draw)
        self.cuts[draw] = cut

    def advance(self) -> list[Ask]:
        """What to do now that was not asked for before. Sets `stop` when nothing is left to do."""
        asks: list[Ask] = []
        while self.stop is None:
            if self.cuts and (not self._under_way or isinstance(self.draws, int)):
                asks += self._resumed()
            if self._under_way:
                break
            step = next_step(self.draws, self.counts(), self.limit)
            if isinstance(step, StopReason):
                self.stop = step
                break
            asks += self._begun(step.until)
        return asks

    def counts(self) -> Counts:
        """How the draws of the waves so far have ended."""
        ends = [end for draw, end in self.ends.items() if draw < self.until]
        return Counts(
            drawn=self.until,
            accepted=len({end.accepted for end in ends if end.accepted is not None}),
            failed=sum(end.failed for end in ends),
            hopeless=any(end.hopeless for end in ends),
        )

    @property
    def most(self) -> int:
        """Most draws that it can get."""
        return self.draws if isinstance(self.draws, int) else self.limit or self.draws.limit

    @property
    def hopeless(self) -> bool:
        """Whether a draw has shown that no draw of this prompt can succeed."""
        return any(end.hopeless for end in self.ends.values())

    def _resumed(self) -> list[Ask]:
        """Interrupted draws go on, or stay as they are where the prompt has enough without them.

        Those of a wave go on together, and whether they do depends on what had ended by then. After a restart some may
        have gone on already: the others follow, and what has come of the first is not looked at before.
        """
        mine = sorted(draw for draw in self.cuts if draw < self.until)
        enough = False
        if mine and not isinstance(self.draws, int):
            level = min(self.cuts[draw].stages for draw in mine)
            mine = [draw for draw in mine if self.cuts[draw].stages == level]
            enough = len(self._accepted_by(level)) >= self.draws.target
        asks = [Ask(self, draw, self.cuts.pop(draw), finish=enough) for draw in mine]
        self._under_way.update(mine)
        return asks

    def _accepted_by(self, level: int) -> set[str]:
        """What was acceptable when the last wave's draws had all ended or taken so many requests."""
        earlier = [end for draw, end in self.ends.items() if draw < self._wave]
        wave = [end for draw, end in self.ends.items() if self._wave <= draw < self.until and end.stages <= level]
        return {end.accepted for end in earlier + wave if end.accepted is not None}

    def _begun(self, until: int) -> list[Ask]:
        """The draws of a new wave that have not been made before."""
        new = [draw for draw in range(self.until, until) if draw not in self.ends and draw not in self.cuts]
        self._wave, self.until = self.until, until
        self._under_way.update(new)
        return [Ask(self, draw) for draw in new]
