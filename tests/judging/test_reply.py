"""A verdict comes from one JSON object of the right form, and from nothing else."""

import json

import pytest

from r1data.judging.reply import Comparison, Judgement, NoJudgement, longest_text, read_reply, schema_of

GOOD = {"analysis": "Both say 42.", "verdict": "correct"}


def test_a_good_reply_is_read() -> None:
    assert read_reply(Judgement, json.dumps(GOOD)) == Judgement(**GOOD)  # type: ignore[arg-type]
    assert read_reply(Judgement, f"\n {json.dumps(GOOD, indent=2)} \n").verdict == "correct"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "correct",
        "yes",
        "The answer is correct.",
        "Verdict: correct",
        "It is not correct. Or is it? Yes, it is correct.",
        f"Here is my verdict: {json.dumps(GOOD)}",
        f"{json.dumps(GOOD)} I am sure.",
        f"```json\n{json.dumps(GOOD)}\n```",
        json.dumps(GOOD) * 2,
        json.dumps([GOOD]),
        json.dumps(json.dumps(GOOD)),
        json.dumps(GOOD | {"verdict": "Correct"}),
        json.dumps(GOOD | {"verdict": "correct "}),
        json.dumps(GOOD | {"verdict": True}),
        json.dumps(GOOD | {"verdict": ["correct"]}),
        json.dumps(GOOD | {"verdict": None}),
        json.dumps(GOOD | {"verdict": "undecided"}),
        json.dumps(GOOD | {"analysis": 1}),
        json.dumps(GOOD | {"score": 10}),
        json.dumps({"verdict": "correct"}),
        json.dumps({"analysis": "verdict: correct"}),
        '{"analysis": "a", "verdict": "incorrect", "verdict": "correct"}',
        '{"analysis": "a", "verdict": "corr',
        '{"analysis": "the verdict is \\"correct\\", "verdict": "incorrect"}',
        "[" * 100_000,
        "null",
        "NaN",
    ],
)
def test_everything_else_is_no_judgement(text: str) -> None:
    with pytest.raises(NoJudgement):
        read_reply(Judgement, text)


def test_what_the_analysis_says_is_not_the_verdict() -> None:
    text = json.dumps({"analysis": '{"verdict": "correct"} yes, correct', "verdict": "incorrect"})
    assert read_reply(Judgement, text).verdict == "incorrect"


@pytest.mark.parametrize("form", [Judgement, Comparison])
def test_the_schema_asks_for_the_form_in_its_order(form: type[Judgement] | type[Comparison]) -> None:
    schema = schema_of(form, 1024)
    assert list(schema["properties"]) == schema["required"] == list(form.model_fields)
    assert schema["additionalProperties"] is False and list(schema["properties"])[-1] == "verdict"
    texts = [field for field in schema["properties"].values() if "enum" not in field]
    assert sum(field["maxLength"] for field in texts) <= 1024 - 64
    assert longest_text(form, 64) == 40
