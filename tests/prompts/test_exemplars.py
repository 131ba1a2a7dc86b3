"""Exemplars, the direct route and the zero route: what stands in front, and what becomes of R1-Zero's form."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data import replies
from r1data.errors import ModelError, RecipeError
from r1data.measures import measure
from r1data.model import LoadedModel, load_model
from r1data.prompts import Renderer
from r1data.prompts.exemplars import all_exemplars, exemplars_for
from r1data.recipe import Recipe, Style, Template, read_recipe
from r1data.rewriting.worked import all_worked
from r1data.stages.assemble import assistant_turn
from r1data.style import Asked, flaws, summary_flaws, thought_flaws
from r1data.verifiers import Check
from r1data.verifiers.registry import verify
from schemas import Message, Outcome

PROMPTS = Path(__file__).parents[2] / "data" / "prompts"
RECIPES = Path(__file__).parents[2] / "data" / "recipes"
DOMAINS = ("math", "code", "stem", "logic")
QUESTION = [Message("user", "2 + 2?")]


@pytest.fixture(scope="module")
def model(tiny: Path) -> LoadedModel:
    recipe = {"name": "t", "prompts": [{"kind": "shipped", "dataset": "x"}], "model": str(tiny)}
    return load_model(Recipe.model_validate(recipe))


@pytest.mark.parametrize("one", all_exemplars(), ids=lambda one: one.id)
def test_an_exemplar_is_right_and_in_good_style(one) -> None:
    asked = Asked(one.question, one.language, easy=False, verifier=one.verifier)
    assert flaws(f"<think>\n{one.reasoning}\n</think>\n\n{one.solution}", asked, Style()) == ()
    task = json.dumps(one.task) if one.task else None
    check = Check(one.id, one.verifier, one.answer, task, one.language, one.solution, one.question)
    assert verify(check).outcome is Outcome.CORRECT
    assert one.licence == "Apache-2.0"


@pytest.mark.parametrize("one", all_worked(), ids=lambda one: f"{one.step}-{one.language}")
def test_a_worked_example_is_in_good_style(one) -> None:
    asked = Asked(one.question, one.language, one.step == "brief", one.verifier)
    match one.step:
        case "brief":
            found = flaws(one.after, asked, Style())
        case "summary":
            found = summary_flaws(one.after, one.before, asked)
        case _:
            found = thought_flaws(one.after, asked, Style())
    assert found == ()


def test_there_are_two_of_each_domain_and_language() -> None:
    for domain, language in product(DOMAINS, ("en", "zh")):
        assert [(one.domain, one.language) for one in exemplars_for(domain, language, 2)] == 2 * [(domain, language)]


def test_no_recipe_can_draw_their_questions() -> None:
    rows = [json.loads(line) for path in PROMPTS.glob("*.jsonl") for line in path.read_text().splitlines()]
    drawn = {row.get("question") or row["messages"][-1]["content"] for row in rows}
    assert not drawn & {one.question for one in (*all_exemplars(), *all_worked())}


@given(st.sampled_from([*DOMAINS, "general", ""]), st.sampled_from(["en", "zh", "fr"]), st.integers(0, 12))
def test_exemplars_are_of_the_language_and_the_domain_comes_first(domain: str, language: str, number: int) -> None:
    shown = exemplars_for(domain, language, number)
    assert len(shown) == min(number, 8) and shown == exemplars_for(domain, language, number)
    assert {one.language for one in shown} <= {language if language in ("en", "zh") else "en"}
    mine = [one.domain == domain for one in shown]
    assert mine == sorted(mine, reverse=True)
    if shown:
        assert shown[0] not in exemplars_for(domain, language, number, shown[0].question)


def test_exemplars_stand_in_front_with_their_thoughts(model: LoadedModel) -> None:
    text = Renderer(model, Template(exemplars=2, prefill="<think>\n")).text(QUESTION, "zh", domain="code")
    shown = exemplars_for("code", "zh", 2)
    places = [text.index(part) for one in shown for part in (one.question, one.reasoning, one.solution)]
    assert places == sorted(places) and text.endswith("<think>\n")
    assert text.index("2 + 2?") > places[-1]
    zero = Renderer(model, Template(name="r1-zero", exemplars=1)).text(QUESTION, "en", domain="math")
    one = exemplars_for("math", "en", 1)[0]
    assert f"Assistant: <think> {one.reasoning} </think> <answer> {one.solution} </answer>\nUser: 2 + 2?" in zero


def test_a_chat_template_that_drops_thoughts_is_refused(model: LoadedModel) -> None:
    class Dropping:
        chat_template = "x"

        def apply_chat_template(self, turns, **more) -> str:
            return "\n".join(turn["content"].split("</think>")[-1] for turn in turns)

    dropping = replace(model, tokenizer=Dropping())
    Renderer(dropping, Template())
    with pytest.raises(ModelError, match="leaves thoughts out"):
        Renderer(dropping, Template(exemplars=1))


def test_the_direct_route_asks_in_the_language_of_the_question(model: LoadedModel) -> None:
    hosted = replace(model, tokenizer=None, api="chat")
    renderer = Renderer(hosted, Template(name="direct"))
    english, chinese = (renderer.render(QUESTION, language).messages[0] for language in ("en", "zh"))
    assert english.role == chinese.role == "system"
    assert "verify the result" in english.content and "in English" in english.content
    assert "检验结果" in chinese.content
    assert "in French" in renderer.render(QUESTION, "fr").messages[0].content
    both = renderer.render([Message("system", "Use metres."), *QUESTION], "en").messages
    assert both[0].content.startswith(english.content) and both[0].content.endswith("Use metres.") and len(both) == 2


@pytest.mark.parametrize(
    ("reply", "turn"),
    [
        ("<think> I add. </think> <answer> 4 </answer>", "<think>\nI add.\n</think>\n\n4"),
        ("<think> I add. </think> <answer> It is\n\\boxed{4}. ", "<think>\nI add.\n</think>\n\nIt is\n\\boxed{4}."),
        ("<think>I add.</think>The tag <answer> is XML.", "<think>\nI add.\n</think>\n\nThe tag <answer> is XML."),
        ("<think>I add.</think>4", "<think>\nI add.\n</think>\n\n4"),
    ],
)
def test_an_answer_of_r1_zero_gets_the_agreed_form(reply: str, turn: str) -> None:
    frame = pl.DataFrame({"text": [reply]})
    assert frame.select(assistant_turn(pl.col("text"))).item() == turn
    assert measure(frame.with_columns(completion_id=pl.lit("0" * 32), language=pl.lit("en")))["think_in_order"][0]
    answer = replies.split(reply).answer
    assert answer is not None
    assert turn.endswith("\n\n" + replies.bare_text(answer))
    if "4" in turn:
        assert verify(Check("0" * 32, "math", "4", None, "en", answer)).outcome is Outcome.CORRECT


@given(st.lists(st.sampled_from(["<answer>", "</answer>", " ", "4", "\n", "x"]), max_size=12).map("".join))
def test_both_ways_to_bare_an_answer_agree(text: str) -> None:
    told = pl.select(replies.bare(pl.lit(text))).item()
    assert told == replies.bare_text(text)


def test_the_recipes_of_the_cold_start_can_be_read() -> None:
    for name in ("few-shot", "direct", "zero"):
        recipe = read_recipe(RECIPES / "r1" / f"cold-{name}.yaml")
        assert recipe.name == f"cold-{name}" and recipe.sampling.temperature == 1.0
    with pytest.raises(RecipeError, match="exemplars"):
        read_recipe(RECIPES / "r1" / "cold-zero.yaml", ["template.exemplars=-1"])
