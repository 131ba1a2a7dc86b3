"""Programs: what people show in code blocks passes, what is broken does not, and nothing of it can hang the parser."""

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.measures import bare, code, programs
from r1data.measures.programs import judge
from tests.measures.shapes import TEXTS, block_of, thoughts

FINE = [
    ("python", "def f(x):\n    return x + 1\n\nprint(f(2))"),
    ("python", "    for i in range(3):\n        print(i)"),
    ("py", "return total"),
    ("python", "else:\n    x = 1"),
    ("python", "except ValueError:\n    pass"),
    ("python", "for i in range(n):"),
    ("python", ">>> f(2)\n3\n>>> for i in x:\n...     print(i)\n1"),
    ("python", "%timeit f(2)\n!pip install x\nf(2)"),
    ("python", "x = [1, 2]\n..."),
    ("python", "x = f(a, …)"),
    ("python", "# the sum of the first numbers is what we want to know here\nx = 1"),
    ("python", '"""\nThis is what we want to know, and it is a docstring of the module.\n"""\nx = 1'),
    ("python", "s = '这里是一个很长的中文字符串'"),
    ("Python title=x", "x = 1"),
    ("", "import sys\nprint(sys.argv)"),
    ("", "for i from 1 to n do\n    print(i)\nend for"),
    ("", "Input: 3\nOutput: the sum of the first three numbers is 6"),
    ("text", "def is a word that we use here, and this is a text"),
    ("pseudocode", "if x is larger then we swap the two numbers of the list"),
    ("json", '{"a": [1, 2, {"b": null}]}'),
    ("json", '{"a": 1}\n{"a": 2}'),
    ("json", '{"a": [1, 2, ...], "b": ...}'),
    ("cpp", '#include <iostream>\nint main() {\n  char c = \'{\'; // "not closed\n  std::cout << "}" << c;\n}'),
    ("cpp", "} else {\n  x++;\n}"),
    ("java", "class A { /* { */ int f() { return 1; } }"),
    ("javascript", "const f = (x) => `${x}'`; // it's\nconst t = 'it is {';"),
    ("rust", "fn f<'a>(x: &'a str) -> &'a str { x }"),
    ("go", "func main() {\n\tfmt.Println('x', \"}\")\n}"),
    ("sql", "SELECT name FROM users WHERE id IN (1, 2) AND note = 'it''s'; -- it's"),
    ("bash", "for f in *.txt; do\n  if [ -f \"$f\" ]; then echo 'a'; fi\ndone # it's done"),
    ("bash", 'case "$1" in\n  a) echo one;;\nesac'),
    ("html", "<p>It is what we want to say, and it is a text.</p>"),
    ("python", ""),
]


@pytest.mark.parametrize(("info", "text"), FINE)
def test_what_people_show_is_fine(info, text):
    assert judge(text, info) == programs.FINE


BROKEN = [
    ("python", "def f(x)\n    return x"),
    ("python", "print(f(2)"),
    ("python", "if x is larger then swap"),
    ("python", "x = = 1"),
    ("python", "def f(x):\n    return {x"),
    ("", "import sys\ndef f(x:\n    return x\nprint(f(1))"),
    ("json", '{"a": 1,}'),
    ("json", "{'a': 1}"),
    ("cpp", "int main() {\n  f(1;\n}"),
    ("cpp", 'int main() {\n  puts("x);\n}'),
    ("java", "int f() {\n  return 1\n}"),
    ("javascript", "function f() {\n  g(;\n"),
    ("sql", "SELECT a FROM b WHERE c = 'x"),
    ("bash", "if [ -f x ]; then\n  echo x\n"),
]


@pytest.mark.parametrize(("info", "text"), BROKEN)
def test_what_is_broken_is_seen(info, text):
    assert not judge(text, info).parses


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\nreturn x",
        "def f(x):\n    y = 1\n  return y",
        "x = 1\n  y = 2",
        "def f(x):\n\ty = 1\n        return y",
        "def f(x):\n    y = x\nreturn y",
    ],
)
def test_broken_indentation_is_named(text):
    assert judge(text, "python")[:2] == (False, True)


@pytest.mark.parametrize(
    ("info", "text", "lines"),
    [
        (
            "python",
            "x = 1\nNow we have to add the next number to it.\nSo that is what we do here, is it not?\ny = 2",
            2,
        ),
        ("python", "x = 1\n然后我们把下一个数加到它上面去\ny = 2", 1),
        ("cpp", "int x = 1;\nNow we have to add the next number to it.\n// this is a comment of the code\nx++;", 1),
        ("python", "x =\n# we have to add the next number to it", 0),
    ],
)
def test_running_text_in_code_is_counted(info, text, lines):
    assert judge(text, info).prose == lines


@pytest.mark.parametrize(
    "piece", ["(", "[" * 50, "-", "not ", "a.", "{'a':", "lambda:", "1+", "f(", "'", '"""', "\\", "\t", " \n"]
)
@pytest.mark.parametrize("info", ["python", "json", "cpp", "sql", "bash", ""])
def test_bombs_are_defused(piece, info):
    began = time.thread_time()
    judge(piece * (programs.LONGEST // len(piece)), info)
    judge("print(1)\n" + piece * (programs.LONGEST // 2 // len(piece)), info)
    assert time.thread_time() - began < 1.0


@given(st.text(max_size=200), st.sampled_from(["python", "json", "c", "js", "sql", "sh", "", "text"]))
def test_any_text_has_a_judgement(text, info):
    judgement = judge(text, info)
    assert not (judgement.parses and judgement.misindented)
    assert judgement.prose >= 0


@given(TEXTS)
def test_blocks_are_between_their_fences(text):
    block = block_of(text)
    found = list(code.blocks(block, 0))
    assert 2 * len(found) - 2 <= code.columns(block)["code_fences"][0] <= 2 * len(found)
    for fenced in found:
        assert block.texts.between(fenced.start, fenced.end).find(fenced.text) >= 0


def test_what_stands_in_a_block_is_judged():
    block = block_of(
        "<think>So:\n\n```python\ndef f(x):\nreturn x\n```\n\nAgain.</think>It is\n\n~~~json\n{\n~~~\n```\nplain\n```"
    )
    columns = {name: column[0] for name, column in code.columns(block).items()}
    assert columns == {
        "code_fences": 6,
        "fence_unclosed": False,
        "code_in_reasoning": True,
        "code_unparsed": 2,
        "code_misindented": 1,
        "prose_in_code": 0,
        "bare_code": 0,
    }


LOOSE = {
    "python": "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total",
    "script": "n = int(input())\na = list(map(int, input().split()))\na.sort()\nprint(a[-1])",
    "cpp": '#include <cstdio>\nint main() {\n    int n = 0;\n    scanf("%d", &n);\n    return 0;\n}',
    "java": "public static int f(int n) {\n    int total = 0;\n    return total;\n}",
    "sql": "SELECT name FROM users WHERE id = 3;",
}


@pytest.mark.parametrize("name", LOOSE)
def test_code_outside_of_blocks_is_counted(name):
    loose = LOOSE[name]
    lines = len(loose.split("\n"))
    assert code.columns(thoughts(f"Let me write it.\n\n{loose}\n\nThat is it."))["bare_code"][0] == lines
    assert code.columns(thoughts(f"Let me write it.\n\n```\n{loose}\n```\nThat is it."))["bare_code"][0] == 0


NO_CODE = """x = 3
f(x) = x^2 + 1
y = sin(x)
m = max(a, b)
S = {1, 2, 3}
A = [1, 2, 3]
a_1 = 2; a_2 = 3
If n > 3:
for each n we have three cases:
while this holds:
For n = 3 (the first case)
return to the first equation
import taxes were raised
P(A) = 1/3
gcd(a, b) = gcd(b, a mod b)
x = 2y + 3(z + 1)
$x = 3;$
\\frac{a}{b}
\\boxed{4}
`for i in range(n):`
`x = int(input())`
- x = int(input()) reads a number
with x = 3 we get (4)
class 10 students:
else we are done.
then x += 3 is what we do (see above)
double the number; it is even
print the number of the page"""


@pytest.mark.parametrize("line", NO_CODE.split("\n"))
def test_mathematics_and_prose_are_no_code(line):
    assert code.columns(thoughts(f"So.\n{line}\nAnd so on."))["bare_code"][0] == 0


@given(TEXTS)
def test_what_is_chosen_is_all_that_is_code(text):
    block = block_of(text)
    found = set(bare.code_lines(block)[0])
    lines = block.lines
    for line in range(lines.offsets[0], lines.offsets[1]):
        words = block.texts.between(lines.starts[line], lines.ends[line])
        if (
            lines.kinds[line] in (bare.PROSE, bare.FORMULA)
            and words.isascii()
            and "^" not in words
            and bare.is_code(words)
        ):
            assert line in found


def test_indented_text_behind_code_is_no_code():
    text = "print(x)\n    And then we see that the sum is four.\n"
    assert code.columns(thoughts(text))["bare_code"][0] == 1


def test_fences_may_be_indented_as_their_list_is():
    text = "1. Read:\n\n   ```python\n   def f(x):\n       return x\n   ```\n\n2. Write."
    assert code.columns(thoughts(textwrap.dedent(text)))["code_unparsed"][0] == 0
