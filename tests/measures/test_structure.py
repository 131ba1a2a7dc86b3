"""Structure: agreement of the two parts, leftovers of templates and training, and ends that are none."""

import pytest
from hypothesis import given

from r1data.measures import agreement, ending, leftovers, structure
from tests.measures.shapes import TEXTS, block_of


@given(TEXTS)
def test_characters_are_those_of_the_parts(text):
    block = block_of(text)
    columns = structure.columns(block)
    assert columns["reasoning_chars"][0] == len(block.reasoning.text(0))
    assert columns["answer_chars"][0] == len(block.answer.text(0))
    assert columns["has_box"][0] == ("\\boxed{" in block.answer.text(0))


def agree(thought: str, solution: str) -> bool | None:
    return agreement.answers_agree(block_of(f"<think>{thought}</think>{solution}"))[0]


@pytest.mark.parametrize(
    ("thought", "solution", "expected"),
    [
        ("So \\boxed{12}.", "It is \\boxed{12}.", True),
        ("So \\boxed{12}.", "It is \\boxed{13}.", False),
        ("First \\boxed{12}. No, it is \\boxed{13}.", "It is \\boxed{13}.", True),
        ("So \\boxed{\\dfrac{1}{2}}.", "It is $\\boxed{ \\frac{1}{2} }$.", True),
        ("So \\boxed{0.5}.", "It is \\boxed{\\frac12}.", True),
        ("So \\boxed{2\\sqrt{3}}.", "It is \\boxed{\\sqrt{12}}.", True),
        ("So \\boxed{1,000}.", "It is \\boxed{1000.0}.", True),
        ("So \\boxed{5 \\text{ cm}}.", "It is \\boxed{5\\text{cm}}.", True),
        ("So \\boxed{\\text{Tuesday}}.", "It is \\boxed{Tuesday}.", True),
        ("So the answer is 12.", "**Answer:** 12", True),
        ("So the answer is 12.", "The final answer is \\boxed{15}.", False),
        ("所以答案是 12。", "答案是 12。", True),
        ("所以答案是 12。", "答案是 15。", False),
        ("The answer is B.", "The answer is C.", False),
        ("I add the two.", "It is \\boxed{4}.", None),
        ("So \\boxed{4}.", "That is all.", None),
        ("So the answer is the red house.", "The answer is red.", None),
        ("So \\boxed{9!}.", "It is \\boxed{362880}.", None),
    ],
)
def test_agreement(thought, solution, expected):
    assert agree(thought, solution) is expected


@given(TEXTS, TEXTS)
def test_any_two_parts_have_an_agreement(thought, solution):
    assert agree(thought + " \\boxed{1}", solution + " \\boxed{" + thought[:20] + "}") in (True, False, None)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It is four.<|im_end|>", 1),
        ("It is four.<|im_end|>\n<|im_start|>user\nAnd five?", 2),
        ("It is four.<｜end▁of▁sentence｜>", 1),
        ("[INST] Add. [/INST] Four.</s>", 3),
        ("<s>It is four.</s> And <s>five</s>.", 0),  # HTML
        ("<s>[INST] Add.", 2),
        ("The token `<|im_end|>` ends a turn.", 0),
        ("```\n<|im_end|>\n```", 0),
        ("a <| b |> c, <|x|>, f <| g, <p>text</p>, a[INST]", 1),
        ("It is four.\n\nUser: And five?\n\nAssistant: It is ten.", 2),
        ("It is four.\n\nHuman: And five?", 1),
        ("User: asks for the sum.", 0),
        ("它是四。\n\n用户：那五呢？\n\n助手：是十。", 2),
    ],
)
def test_template_tokens(text, count):
    assert leftovers.template_tokens(block_of(f"<think>I add.</think>{text}"))[0] == count


def test_a_thought_may_name_the_user():
    text = "<think>Two people speak.\nUser: asks for the sum.\nThat is easy.</think>It is four."
    assert leftovers.template_tokens(block_of(text))[0] == 0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("As an AI language model, I cannot know that.", 1),
        ("as an AI, I have no opinion; my training data ends there.", 2),
        ("I'm a large language model.", 1),
        ("作为一个人工智能助手，我不能这样做。", 1),
        ("作为AI，我没有感情。我的训练数据里没有它。", 2),
        ("The user asked me to add two numbers.", 0),
        ("She works as an AI researcher. A language model is trained on text.", 0),
        ("人工智能是计算机科学的一个分支。作为AI研究员，她很有名。", 0),
    ],
)
def test_self_references(text, count):
    assert leftovers.self_references(block_of(f"<think>I add.</think>{text}"))[0] == count


WHOLE = """It is \\boxed{4}.
The sum is $4$
So x = 4
The answer is Paris
\\[ x = 4 \\]
$$x = 4$$
- the first
1. one
2. and another one of them that is a little longer than the one before
## The end
**It is four**
| a | b |
答案是四
因此，三角形的面积等于十二平方厘米
It costs $5
It costs $5 or $6.
He said "no"
(see above)
That is all!
n = a
Note: all of it is even…
```python
x = (
```""".split("\n")

CUT = [
    "The sum is $4 + 5",
    "The sum is $x^2 + ",
    "It is \\boxed{4",
    "So\n\n$$\nx = 4",
    "So\n\n\\[\nx = 4",
    "So we see that \\(x = 4",
    "```python\nx = 1",
    "The sum of the two numbers is",
    "We add the first, the second,",
    "So the answer is the",
    "The first one is even, and the second one is odd. Then we add both of them and their sum becom",
    "因此，三角形的面积等于",
    "首先相加，",
    "x = 3 +",
]


@pytest.mark.parametrize("answer", [*WHOLE[:-3], "\n".join(WHOLE[-3:])])
def test_whole_ends(answer):
    assert not ending.cut_off(block_of(f"<think>I add.</think>{answer}"))[0]


@pytest.mark.parametrize("answer", CUT)
def test_cut_ends(answer):
    assert ending.cut_off(block_of(f"<think>I add.</think>{answer}"))[0]


def test_a_thought_that_is_not_closed_is_cut():
    assert ending.cut_off(block_of("<think>I add.", "I add."))[:] == [True, False]


@given(TEXTS)
def test_any_text_has_an_end(text):
    assert isinstance(ending.cut_off(block_of(text))[0], bool)
