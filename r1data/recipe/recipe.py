"""The recipe: what to make. Everything here is identity; where and how fast it is made is `runtime`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from r1data.recipe.quality import ASKS_A_MODEL, Identity, Quality
from r1data.recipe.selection import Contamination, Duplicates, Selection
from r1data.recipe.strict import Strict


class Model(Strict):
    """The model that writes. `id` is a folder (beginning with `.`, `/` or `~`) or a name on the Hub."""

    id: str
    revision: str | None = None
    """Branch, tag or commit on the Hub; pin a commit for a run that others can repeat."""
    api: Literal["completions", "chat"] = "completions"
    """`chat` for a model that only its owner hosts: it is sent messages, which its server renders, and no file of it is
    needed here. `id` is then the name that the server knows it by.
    """

    @model_validator(mode="after")
    def _hosted_has_a_name(self) -> Model:
        if self.api == "chat" and self.is_folder:
            raise ValueError("with api: chat, id is the name that the model's server knows it by, and no folder")
        return self

    @property
    def is_folder(self) -> bool:
        """Whether `id` is a path rather than a name on the Hub."""
        return self.id.startswith((".", "/", "~"))

    def placed(self, folder: Path) -> str:
        """The folder as a whole path, where relative ones start at `folder`; else the name."""
        return str((folder / Path(self.id).expanduser()).resolve()) if self.is_folder else self.id


VerifierName = Literal["math", "code", "choice", "logic", "constraints", "identity", "judge", "quality"]


ThinkingChoice = Literal["rule", "model", "always", "never"]


class PromptSource(Strict):
    """What every source of prompts has in common."""

    name: str | None = None
    """Shown in tables and reports; by default made from the source itself."""
    domain: str = "math"
    language: str | None = None
    """Target language (ISO 639-1) where no column says otherwise; by default it is told from the question."""
    verifier: VerifierName = "math"
    """Who checks the answers, where no column says otherwise. No rule can check what is for `judge`, who compares with
    a reference, and for `quality`, which rates what has none.
    """
    licence: str | None = None
    category: str | None = None
    """The kind of task within its domain, such as `writing`, where no column says otherwise."""
    thinking: ThinkingChoice | None = None
    """Which prompts a reply should think about: those that a stated rule names (`r1data.thinking`) or a model, `always`
    all, or `never` one. By default `selection.reasoning` says it for the whole recipe.
    """
    limit: Annotated[int, Field(ge=1)] | None = None
    """Take at most this many rows, from the start."""


class Columns(Strict):
    """Which column holds what. A column that is named here must exist; the defaults may be absent."""

    question: str = "question"
    """The question as text. Ignored where the row has `messages`."""
    messages: str = "messages"
    """A conversation as a list of {role, content}, the last turn being the user's."""
    answer: str = "answer"
    domain: str = "domain"
    category: str = "category"
    thinking: str = "thinking"
    """Whether a reply should think, true or false, for rows that say it themselves."""
    language: str = "language"
    licence: str = "licence"
    verifier: str = "verifier"
    options: str = "options"
    """Of a multiple choice: letter to text."""
    tolerance: str = "tolerance"
    tests: str = "tests"
    """Of a program: inputs, outputs, fn_name, time_limit, memory_mb."""
    constraints: str = "constraints"
    accepted: str = "accepted"
    """More accepted answers, as a list of texts."""
    task: str = "task"
    """Any of the last five, as one object or as JSON."""


class FilePrompts(PromptSource):
    """JSONL, JSON, Parquet or CSV files; `path` may hold wildcards and is relative to the recipe's folder."""

    kind: Literal["file"]
    path: str
    columns: Columns = Columns()


class HubPrompts(PromptSource):
    """A dataset on the Hub, or a folder saved by `datasets`, read as a stream."""

    kind: Literal["hub"]
    dataset: str
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    columns: Columns = Columns()


class ShippedPrompts(PromptSource):
    """Prompts that come with r1data, by name (`r1data prompts` lists them)."""

    kind: Literal["shipped"]
    dataset: str


class GymPrompts(Strict):
    """A reasoning-gym family; its own scorer becomes the verifier."""

    kind: Literal["reasoning_gym"]
    family: str
    size: Annotated[int, Field(ge=1)]
    seed: int = 0
    config: dict[str, Any] = {}
    """Settings of the family, as reasoning-gym names them."""
    name: str | None = None
    domain: str = "logic"
    language: str | None = "en"
    licence: str | None = "Apache-2.0"


Source = Annotated[FilePrompts | HubPrompts | ShippedPrompts | GymPrompts, Field(discriminator="kind")]


class PlainTemplate(Strict):
    """How a prompt is put whose reply must not think."""

    system: str | None = None
    """As `template.system`, in its place."""
    prefill: str = ""
    """As `template.prefill`, in its place: `<think>\n\n</think>\n\n` closes the thought of a model that thinks by
    itself."""


class Template(Strict):
    """How a prompt becomes the text that the model continues."""

    name: str = "chat"
    """`chat` (the model's own chat template), `direct` (the same, with a request for a detailed answer that reflects
    and checks itself, in the prompt's language) or `r1-zero` (the plain dialogue of R1-Zero)."""
    system: str | None = None
    """A system message put in front where the prompt has none; `{language}` becomes the language's name."""
    prefill: str = ""
    """Text that the assistant's turn begins with, such as `<think>\\n`; it becomes part of the reply."""
    exemplars: Annotated[int, Field(ge=0)] = 0
    """Questions with a long thought and a solution that stand in front of the prompt as earlier turns, in its language
    and of its domain first; r1data has 2 of each (`data/exemplars`)."""
    plain: PlainTemplate | None = None
    """What takes the place of system message and prefill where a reply must not think."""

    def for_thinking(self, thinking: bool | None) -> Template:
        """The template of prompts whose reply must think, must not (False), or may."""
        if thinking is not False or self.plain is None:
            return self
        asked = {"system": self.plain.system, "prefill": self.plain.prefill}
        name = "chat" if self.name == "direct" else self.name
        return self.model_copy(update={**asked, "name": name, "exemplars": 0, "plain": None})


class AdaptiveDraws(Strict):
    """As many draws as a prompt needs: few for an easy one, more for a hard one, none in vain.

    A prompt gets `target` draws at first, then waves of further ones until `target` completions are correct and pass
    the thresholds of `selection`, or until it is given up. What a wave holds follows from the draws before it alone, so
    the same draws are made whatever the machine.
    """

    target: Annotated[int, Field(ge=1)] = 2
    """Completions wanted per prompt that are correct and acceptable."""
    max: Annotated[int, Field(ge=1)] = 16
    """Most draws of one prompt."""
    growth: Annotated[float, Field(ge=0, le=1)] = 0.5
    """A further wave is at least this share of the draws before it: 0 wastes no draw, 1 needs the fewest waves."""
    give_up_below: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Give a prompt up when its draws show, with `confidence`, that fewer than this share of them is acceptable."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    budget: Annotated[float, Field(ge=1)] | None = None
    """Most draws per prompt on average, over all prompts whose answers a rule can check. Each gets at most so many at
    first; what easy ones leave goes to those that have not reached `target`, the most promising first, up to `ceiling`.
    """
    ceiling: Annotated[int, Field(ge=1)] | None = None
    """Most draws of one prompt when there is budget left; by default four times `max`."""
    unjudged: Annotated[int, Field(ge=1)] = 4
    """Draws of a prompt that no rule can check while sampling goes on, because it is for the judge."""

    @property
    def limit(self) -> int:
        """Most draws that a prompt gets before it is known what others leave of the budget."""
        return self.max if self.budget is None else min(self.max, int(self.budget))

    @property
    def most(self) -> int:
        """Most draws that any prompt can get."""
        return self.max if self.budget is None else self.ceiling or 4 * self.max

    @model_validator(mode="after")
    def _fits_together(self) -> AdaptiveDraws:
        if self.max < self.target:
            raise ValueError(f"max ({self.max}) is less than target ({self.target})")
        if self.budget is not None and self.budget < self.target:
            raise ValueError(f"budget ({self.budget:g}) is less than target ({self.target})")
        if self.ceiling is not None and self.ceiling < self.max:
            raise ValueError(f"ceiling ({self.ceiling}) is less than max ({self.max})")
        return self


class Loops(Strict):
    """When a reply that repeats itself is ended: its end is one passage, over and over."""

    repetitions: Annotated[int, Field(ge=3)] = 12
    """Least number of times in a row that the passage stands there."""
    characters: Annotated[int, Field(ge=64)] = 1200
    """Least length of all of them together: short passages (a row of zeros) may repeat more often."""


class Sampling(Strict):
    """How the model is sampled. Changing any of these makes new draws; changing `draws` only adds or drops some."""

    draws: Annotated[int, Field(ge=1)] | AdaptiveDraws = 4
    """A fixed number per prompt, or when to stop: see `AdaptiveDraws`."""
    temperature: Annotated[float, Field(ge=0)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    max_tokens: Annotated[int, Field(ge=1)] = 32768
    caps: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Lengths at which a draw is interrupted, such as 8192 and 16384, all below `max_tokens`. Where it still matters,
    it goes on from its own text to the next cap, and at last to `max_tokens`.
    """
    stop: tuple[str, ...] = ()
    loops: Loops | None = Loops()
    """When to end a reply that repeats itself; null lets it go on to its cap."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """Where a draw is interrupted, in tokens, `max_tokens` last."""
        return (*self.caps, self.max_tokens)

    @property
    def first_draws(self) -> int:
        """Most draws that one prompt can get before it is known what others leave of a budget."""
        return self.draws if isinstance(self.draws, int) else self.draws.limit

    @property
    def most_draws(self) -> int:
        """Most draws that one prompt can get."""
        return self.draws if isinstance(self.draws, int) else self.draws.most

    @model_validator(mode="after")
    def _caps_grow(self) -> Sampling:
        if any(one >= other for one, other in zip(self.lengths, self.lengths[1:], strict=False)):
            raise ValueError(
                f"caps must grow and stay below max_tokens ({self.max_tokens}); they are {list(self.caps)}"
            )
        return self

    @model_validator(mode="after")
    def _greedy_draws_once(self) -> Sampling:
        if self.temperature == 0 and self.most_draws > 1:
            raise ValueError("temperature 0 gives the same reply every time: set draws to 1 or raise the temperature")
        return self


AuditRule = Literal["figure_missing", "link", "several_questions", "proof", "answer_leaked", "duplicate"]


class FillReferences(Strict):
    """When the answer that most draws agree on becomes the reference of a prompt that has none."""

    min_agreement: Annotated[float, Field(gt=0.5, le=1)] = 0.75
    """Least share of a prompt's answers that must be the same."""
    min_answers: Annotated[int, Field(ge=2)] = 4
    """Least number of answers that there must be."""


class Audit(Strict):
    """What prompts must pass before a token is spent on them. A prompt that is set aside is listed in
    `bad_prompts.parquet` with the rule and the reason; it does not count towards `max_bad_prompts`, which is about rows
    that cannot be read.
    """

    rules: tuple[AuditRule, ...] = get_args(AuditRule)
    """Rules over the question; name fewer to switch the others off. `r1data audit` shows what each would set aside."""
    reference: bool = True
    """Whether the verifier must accept a prompt's own reference."""
    fill_references: FillReferences | None = None
    """Take prompts without a reference (verifiers math and choice), and let the majority of the draws name it."""


class JudgeSettings(Strict):
    """Who judges what rules cannot check, and how."""

    model: Model | None = None
    """By default the recipe's own model judges itself."""
    votes: Annotated[int, Field(ge=1)] = 1
    """Judgements of each answer; more than half of them decide, and a tie is `undecided`."""
    max_tokens: Annotated[int, Field(ge=64)] = 1024
    temperature: Annotated[float, Field(ge=0)] = 0.0

    @field_validator("model", mode="before")
    @classmethod
    def _model_by_name(cls, model: object) -> object:
        return {"id": model} if isinstance(model, str) else model

    @model_validator(mode="after")
    def _votes_differ(self) -> JudgeSettings:
        if self.votes > 1 and self.temperature == 0:
            raise ValueError("temperature 0 gives the same vote every time: raise judge.temperature or set votes to 1")
        return self


Policy = Literal["rule", "judge", "or", "and"]
"""Whose word counts where both rule and judge have spoken; `r1data.selection.policy` has the truth table."""


class Verification(Strict):
    """How replies are checked."""

    deadline: Annotated[float, Field(gt=0)] = 10.0
    """Seconds that one check may take before its worker is killed and the outcome is `timeout`."""
    policy: Policy = "rule"
    """`rule`: the judge is asked only about prompts whose verifier it is. `judge`: it has the only word. `or`: one of
    the two is enough. `and`: both must agree. Except under `rule`, it decides what a rule leaves undecided.
    """
    judge: JudgeSettings = JudgeSettings()
    quality: Quality = Quality()
    """From when on an answer without a reference is good enough."""
    identity: Identity | None = None
    """Who the assistant is. With it, `quality` prompts of the category self_cognition are checked by rule too."""


class Recipe(Strict):
    """What to make: model, prompts, template, sampling, checks, thresholds."""

    name: str
    seed: int = 0
    model: Model
    prompts: Annotated[tuple[Source, ...], Field(min_length=1)]
    max_bad_prompts: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Largest share of a source's rows that may be unusable before the run stops."""
    audit: Audit = Audit()
    template: Template = Template()
    sampling: Sampling = Sampling()
    verification: Verification = Verification()
    duplicates: Duplicates = Duplicates()
    contamination: Contamination = Contamination()
    selection: Selection = Selection()
    folder: Path = Field(default=Path(), exclude=True)
    """Where the recipe was read from: relative paths start here. Set by the reader, no part of the identity."""

    @field_validator("name")
    @classmethod
    def _name_is_a_file_name(cls, name: str) -> str:
        if not name or any(not (c.isalnum() or c in "-_.") for c in name) or name.startswith("."):
            raise ValueError("use letters, digits, '-', '_' and '.' only: it names the workspace's folder")
        return name

    @field_validator("model", mode="before")
    @classmethod
    def _model_by_name(cls, model: object) -> object:
        return {"id": model} if isinstance(model, str) else model

    @field_validator("template")
    @classmethod
    def _hosts_render_for_themselves(cls, template: Template, info: ValidationInfo) -> Template:
        prefilled = template.prefill or (template.plain and template.plain.prefill)
        if _hosted(info) and (template.name not in ("chat", "direct") or prefilled):
            raise ValueError(
                "a model with api: chat is sent messages, which its own server renders: "
                "name no template but chat or direct, and leave out prefill"
            )
        return template

    @field_validator("sampling")
    @classmethod
    def _hosts_continue_nothing(cls, sampling: Sampling, info: ValidationInfo) -> Sampling:
        if _hosted(info) and sampling.caps:
            raise ValueError(
                "a model with api: chat cannot go on from a reply that was cut: leave out caps and set max_tokens alone"
            )
        return sampling

    @property
    def asks_judge(self) -> bool:
        """Whether the generative judge will have something to say."""
        named = any(getattr(source, "verifier", None) in ASKS_A_MODEL for source in self.prompts)
        named |= any(getattr(source, "thinking", None) == "model" for source in self.prompts)
        return named or self.verification.policy != "rule"

    @property
    def asks_quality(self) -> bool:
        """Whether some source leaves its answers to be rated."""
        return any(getattr(source, "verifier", None) == "quality" for source in self.prompts)

    def resolve(self, path: str) -> Path:
        """A path of the recipe as an absolute one."""
        return (self.folder / Path(path).expanduser()).resolve()


def _hosted(info: ValidationInfo) -> bool:
    model = info.data.get("model")  # missing where it is itself wrong
    return isinstance(model, Model) and model.api == "chat"
