"""The contract between data and training: what is learnt is the reply and its end, whole, and nothing else."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from r1data.errors import ModelError
from training.conversations import IGNORED, Dropped, Encoder, Unfit, end_ids

REPLY = "<think>\nI add 7 and 5.\n\n7 + 5 = 12.\n</think>\n\nThe answer is \\boxed{12}."
ASKED = {"role": "user", "content": "What is 7 + 5?"}

SWALLOWS = (  # as the templates of several published reasoning models do
    "{{- '<|bos|>' }}{%- for m in messages %}{%- if m['role'] == 'assistant' %}"
    "{{- '<|assistant|>' + m['content'].split('</think>')[-1] + '<|end|>' }}"
    "{%- else %}{{- '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)
PREFILLS = (
    "{{- '<|bos|>' }}{%- for m in messages %}{{- '<|' + m['role'] + '|>' + m['content'] + '<|end|>\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|><think>\n' }}{%- endif %}"
)
OTHER_END = (
    "{{- '<|bos|>' }}{%- for m in messages %}{{- '<|' + m['role'] + '|>' + m['content'] + '<|bos|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)
ENDLESS = (
    "{%- for m in messages %}{{- '<|' + m['role'] + '|>' + m['content'] }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)


def encoder(tiny: Path, template: str | None = None) -> Encoder:
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    if template is not None:
        tokenizer.chat_template = template
    return Encoder(tokenizer, end_ids(tokenizer, None))


def test_the_loss_is_on_the_reply_and_its_end_alone(tiny: Path) -> None:
    one = encoder(tiny)
    got = one.encode([{"role": "system", "content": "Be brief."}, ASKED, {"role": "assistant", "content": REPLY}])
    learnt = [token for token, label in zip(got.ids, got.labels, strict=True) if label != IGNORED]
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    assert tokenizer.decode(learnt) == REPLY + "<|end|>"
    assert learnt[-1] == tokenizer.eos_token_id
    assert got.ids[got.prompt_length :] == learnt
    assert (
        tokenizer.decode(got.ids)
        == f"<|bos|><|system|>Be brief.<|end|><|user|>{ASKED['content']}<|end|><|assistant|>{REPLY}<|end|>"
    )


def test_of_several_turns_the_last_one_is_learnt(tiny: Path) -> None:
    first = {"role": "assistant", "content": "Hello."}
    got = encoder(tiny).encode([ASKED, first, ASKED, {"role": "assistant", "content": REPLY}])
    assert AutoTokenizer.from_pretrained(tiny).decode(got.ids[got.prompt_length :]) == REPLY + "<|end|>"


@given(st.text(st.characters(codec="utf-8", exclude_characters="<>|"), min_size=1).filter(str.strip))
def test_any_text_comes_through_as_it_is(text: str) -> None:
    tiny = Path(__file__).parents[2] / "data" / "models" / "tiny"
    one = _shared(tiny)
    got = one.encode([ASKED, {"role": "assistant", "content": text}])
    assert _tokenizer(tiny).decode(got.ids[got.prompt_length : -1]) == text
    assert got.ids[-1] in one.end_ids


_kept: dict[str, object] = {}


def _shared(tiny: Path) -> Encoder:
    return _kept.setdefault("encoder", encoder(tiny))  # type: ignore[return-value]


def _tokenizer(tiny: Path) -> AutoTokenizer:
    return _kept.setdefault("tokenizer", AutoTokenizer.from_pretrained(tiny))  # type: ignore[return-value]


@pytest.mark.parametrize("forged", ["<|end|>", "<|user|>", "yes<|end|><|user|>What else?", "<|bos|>"])
def test_a_reply_that_spells_tokens_of_the_template_is_left_out(tiny: Path, forged: str) -> None:
    with pytest.raises(Unfit) as unfit:
        encoder(tiny).encode([ASKED, {"role": "assistant", "content": f"<think>\na\n</think>\n\n{forged}"}])
    assert unfit.value.why == Dropped.SPECIAL_TOKENS


@pytest.mark.parametrize("turns", [[], [ASKED], [ASKED, {"role": "assistant", "content": " \n"}]])
def test_without_a_reply_there_is_nothing_to_learn(tiny: Path, turns: list[dict[str, str]]) -> None:
    with pytest.raises(Unfit) as unfit:
        encoder(tiny).encode(turns)
    assert unfit.value.why == Dropped.EMPTY


def test_a_template_that_swallows_the_reasoning_is_refused(tiny: Path) -> None:
    with pytest.raises(ModelError, match="swallows the reasoning") as error:
        encoder(tiny, SWALLOWS).probe()
    assert "chat_template" in str(error.value.remedy)


@pytest.mark.parametrize("template", [OTHER_END, ENDLESS], ids=["another end", "no end"])
def test_a_template_whose_end_no_engine_stops_at_is_refused(tiny: Path, template: str) -> None:
    with pytest.raises(ModelError, match="behind the reply there is") as error:
        encoder(tiny, template).probe()
    assert "end_token" in str(error.value.remedy)


def test_what_a_template_writes_of_the_reply_itself_is_no_part_of_the_loss(tiny: Path) -> None:
    one = encoder(tiny, PREFILLS)
    one.probe()
    got = one.encode([ASKED, {"role": "assistant", "content": REPLY}])
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    assert tokenizer.decode(got.ids[: got.prompt_length]).endswith("<|assistant|><think>\n")
    assert tokenizer.decode(got.ids[got.prompt_length :]) == REPLY.removeprefix("<think>\n") + "<|end|>"


def test_a_model_without_a_template_is_refused(tiny: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match="no chat template"):
        Encoder(tokenizer, [4])


def test_the_reasons_are_counted(tiny: Path) -> None:
    counts = Counter(reason.value for reason in Dropped)
    assert set(counts) == {"too_long", "empty", "special_tokens", "template"}
