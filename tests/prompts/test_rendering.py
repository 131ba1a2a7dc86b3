"""Rendering: tokens for models that we render for, messages for those that render for themselves."""

from pathlib import Path

import pytest

from r1data.errors import ModelError
from r1data.model import LoadedModel, load_model, require_engine_for
from r1data.prompts import Renderer
from r1data.recipe import LocalEngine, Recipe, ScriptedEngine, ServerEngine, Template, fingerprint
from schemas import Message

BASE = {"name": "t", "prompts": [{"kind": "shipped", "dataset": "x"}]}
QUESTION = [Message("user", "2 + 2?")]


def hosted(**more: object) -> LoadedModel:
    return load_model(Recipe.model_validate(BASE | {"model": {"id": "teacher-1", "api": "chat"} | more}))


def test_a_hosted_model_is_known_by_its_name_alone() -> None:
    model = hosted()
    assert (model.name, model.source, model.tokenizer, model.api) == ("teacher-1", "teacher-1", None, "chat")
    assert model.fingerprint != hosted(revision="2026-11").fingerprint != hosted(id="teacher-2").fingerprint
    assert model.fingerprint == hosted().fingerprint


def test_a_hosted_model_is_sent_messages() -> None:
    rendered = Renderer(hosted(), Template(system="Think in {language}.")).render(QUESTION, "zh")
    assert rendered.messages == (Message("system", "Think in Chinese."), Message("user", "2 + 2?"))
    assert rendered.tokens == ()
    assert rendered.fingerprint == fingerprint(rendered.text)
    system = [Message("system", "Be brief."), *QUESTION]
    assert Renderer(hosted(), Template(system="Think.")).render(system, "en").messages == tuple(system)


def test_texts_differ_where_messages_do() -> None:
    """Also where their contents, one after the other, are the same."""
    renderer = Renderer(hosted(), Template())
    one = renderer.text([Message("system", "a"), Message("user", "b")], "en")
    assert len({one, renderer.text([Message("user", "ab")], "en"), renderer.text([Message("user", "a b")], "en")}) == 3


@pytest.mark.parametrize("template", [{}, {"name": "r1-zero"}, {"prefill": "<think>\n", "system": "Be brief."}])
def test_the_text_can_be_had_without_the_tokens(tiny: Path, template: dict[str, str]) -> None:
    model = load_model(Recipe.model_validate(BASE | {"model": str(tiny)}))
    renderer = Renderer(model, Template.model_validate(template))
    rendered = renderer.render(QUESTION, "en")
    assert rendered.messages == () and rendered.tokens
    assert renderer.text(QUESTION, "en") == rendered.text
    chat = Renderer(hosted(), Template())
    assert chat.text(QUESTION, "en") == chat.render(QUESTION, "en").text


def test_a_local_engine_cannot_load_a_hosted_model(tiny: Path) -> None:
    with pytest.raises(ModelError, match="teacher-1: with api: chat it is hosted") as caught:
        require_engine_for(hosted(), LocalEngine())
    assert "endpoints" in str(caught.value.remedy)
    require_engine_for(hosted(), ServerEngine(kind="server", endpoints=("http://127.0.0.1:1/v1",)))
    require_engine_for(hosted(), ScriptedEngine(kind="scripted"))
    require_engine_for(load_model(Recipe.model_validate(BASE | {"model": str(tiny)})), LocalEngine())
