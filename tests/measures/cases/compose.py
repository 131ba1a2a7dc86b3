"""Compose the labelled traces out of what stands in `written/`: run by hand, `python tests/measures/cases/compose.py`.

The same seed writes the same files. What is written by hand are sentences, problems with their solutions, hard clean
passages and flawed ones; composed are the traces around them, walls of text, loops, cuts and broken tags.
"""

from __future__ import annotations

import json
import random
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
WRITTEN = FOLDER / "written"
SEED = 5
LIGHT, HEAVY, EITHER = "light", "heavy", "either"
SPACELESS = ("zh", "ja")


@dataclass(frozen=True)
class Passage:
    """A hand-written piece of reasoning: what it is good or bad for."""

    name: str
    language: str
    kind: str
    weight: str
    note: str
    text: str


@dataclass(frozen=True)
class Problem:
    prompt: str
    paragraphs: list[str]
    answer: str


@dataclass
class Case:
    id: str
    language: str
    prompt: str
    response: str
    kind: str
    note: str
    labels: dict[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"

    def line(self) -> str:
        row = {"id": self.id, "language": self.language, "prompt": self.prompt, "response": self.response}
        if self.finish_reason != "stop":
            row["finish_reason"] = self.finish_reason
        return json.dumps(row | {"labels": self.labels, "kind": self.kind, "note": self.note}, ensure_ascii=False)


# What is written by hand


def blocks(name: str) -> Iterator[tuple[list[str], str]]:
    """The blocks of a file: what their head says, and their text."""
    for block in re.split(r"(?m)^@@ ", (WRITTEN / name).read_text(encoding="utf-8"))[1:]:
        head, _, text = block.partition("\n")
        yield [part.strip() for part in head.split(" | ")], text.rstrip("\n")


def passages(name: str) -> list[Passage]:
    found = []
    for (title, language, kind, note), text in blocks(name):
        kind, _, weight = kind.partition(" ")
        found.append(Passage(f"{name.removesuffix('.txt')}-{title}", language, kind, weight, note, text))
    return found


def bank() -> dict[str, list[str]]:
    """Sentences by language."""
    sentences: dict[str, list[str]] = {}
    for line in (WRITTEN / "bank.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            into = sentences.setdefault(line.removeprefix("# "), [])
        else:
            into.append(line)
    return sentences


BANK = bank()
PROBLEMS = [(head[0].split()[0], text) for head, text in blocks("problems.txt")]


def problem(dice: random.Random, language: str) -> Problem:
    """One of the written problems with other numbers. Its figures are expressions in double brackets."""
    text = dice.choice([text for spoken, text in PROBLEMS if spoken == language])
    names: dict[str, object] = {"r": dice.randint}
    for line in re.findall(r"(?m)^!! (.*)$", text):
        exec(line, names)  # our own file
    text = re.sub(r"\[\[(.+?)\]\]", lambda found: str(eval(found[1], names)), text)
    prompt = re.search(r"(?m)^\?\? (.*)$", text)
    answer = re.search(r"(?m)^== (.*)$", text)
    assert prompt and answer
    body = re.sub(r"(?m)^(\?\?|!!|==) .*\n?", "", text).strip()
    return Problem(prompt[1], body.split("\n\n"), answer[1])


# Traces


def sentences(dice: random.Random, language: str) -> Iterator[str]:
    """All sentences of a language in random order, over and over, with other numbers each time."""
    while True:
        for sentence in dice.sample(BANK[language], len(BANK[language])):
            # A second round says only what has numbers in it, which are then others.
            low, high = sorted((dice.randint(2, 99), dice.randint(2, 99)))
            numbers = {"a": high + 1, "b": low, "c": high * low, "n": dice.randint(2, 12)}
            yield re.sub(r"@([abcn])", lambda found, n=numbers: str(n[found[1]]), sentence)


def filler(dice: random.Random, language: str, characters: int, most: int = 4) -> list[str]:
    """Short paragraphs of at most so many sentences."""
    stock, made, glue = sentences(dice, language), [], "" if language in SPACELESS else " "
    size = 0
    while size < characters:
        made.append(glue.join(next(stock) for _ in range(dice.randint(1, most))))
        size += len(made[-1]) + 2
    return made


def capacity(language: str) -> int:
    """Characters of a language's sentences, each said once."""
    return sum(map(len, BANK[language]))


CLOSING = {
    "en": ("So the answer is {x}.", "Therefore the answer is ${x}$.", "That gives $\\boxed{{x}}$.", "I get {x}.", ""),
    "zh": ("所以答案是{x}。", "因此答案为${x}$。", "最后得到$\\boxed{{x}}$。", "结果是{x}。", ""),
}
ANSWERS = {
    "en": ("{s} The answer is $\\boxed{{x}}$.", "**Solution.** {s}\n\nThe answer is \\boxed{{x}}.",
           "{s}\n\n**Answer:** \\boxed{{x}}", "{s} Hence the result is $\\boxed{{x}}$."),
    "zh": ("{s}所以答案是$\\boxed{{x}}$。", "**解答**：{s}\n\n答案是\\boxed{{x}}。", "{s}\n\n**答案**：\\boxed{{x}}",
           "{s}因此结果为$\\boxed{{x}}$。"),
    "fr": ("La réponse est \\boxed{{x}}.",), "de": ("Die Antwort ist \\boxed{{x}}.",),
    "es": ("La respuesta es \\boxed{{x}}.",), "ru": ("Ответ: \\boxed{{x}}.",),
    "ja": ("答えは\\boxed{{x}}です。",), "ko": ("정답은 \\boxed{{x}}입니다.",),
    "it": ("La risposta è \\boxed{{x}}.",), "pt": ("A resposta é \\boxed{{x}}.",),
}  # fmt: skip
LAST_WORDS = {
    "en": ("That is the whole argument, and every step of it can be checked by hand.",
           "This settles the question as it was asked, and the steps are as above.",
           "With that, everything has been shown; nothing else is needed."),
    "zh": ("以上就是完整的推理过程，每一步都可以用笔验证。", "问题到这里就全部解决了，步骤如上所述。"),
    "fr": ("Voilà tout le raisonnement, et chaque étape peut être vérifiée à la main.",),
    "de": ("Damit ist alles gezeigt, und jeder Schritt lässt sich von Hand nachprüfen.",),
    "es": ("Con esto queda todo demostrado, y cada paso se puede comprobar a mano.",),
    "ru": ("Тем самым всё доказано, и каждый шаг можно проверить вручную.",),
    "ja": ("以上がすべての説明で、どの段階も手計算で確かめられます。",),
    "ko": ("이것으로 모두 보였으며 각 단계는 손으로 확인할 수 있습니다.",),
    "it": ("Con questo è dimostrato tutto, e ogni passo si può controllare a mano.",),
    "pt": ("Com isso tudo fica demonstrado, e cada passo pode ser conferido à mão.",),
    "nl": ("Daarmee is alles aangetoond, en elke stap kan met de hand worden nagegaan.",),
    "vi": ("Như vậy mọi điều đã được chứng minh và từng bước đều có thể kiểm tra bằng tay.",),
    "tr": ("Böylece her şey gösterilmiş oldu ve her adım elle denetlenebilir.",),
    "pl": ("W ten sposób wszystko zostało pokazane, a każdy krok można sprawdzić ręcznie.",),
    "ar": ("بهذا نكون قد بينا كل شيء، ويمكن التحقق من كل خطوة يدويا.",),
}  # fmt: skip


def reply(thought: list[str] | str, answer: str) -> str:
    body = thought if isinstance(thought, str) else "\n\n".join(part for part in thought if part)
    return f"<think>\n{body}\n</think>\n\n{answer}"


def filled(template: str, problem_: Problem) -> str:
    summary = problem_.paragraphs[0]
    return template.replace("{s}", summary).replace("{{x}}", "{" + problem_.answer + "}").replace(
        "{x}", problem_.answer)  # fmt: skip


@dataclass
class Trace:
    """A clean trace in pieces, before a flaw is put in."""

    language: str
    prompt: str
    thought: list[str]
    closing: str
    answer: str
    result: str = ""

    def text(self) -> str:
        return reply([*self.thought, self.closing], self.answer)

    def with_passage(self, dice: random.Random, passage: str) -> str:
        """A passage among the paragraphs, neither first nor last where there is room."""
        place = dice.randint(min(1, len(self.thought)), len(self.thought))
        closing = self.closing
        if re.search("answer is|答案", passage):  # the passage names an answer of its own, which must not be the last
            closing = CLOSING[self.language][0].replace("{x}", self.result)
        return reply([*self.thought[:place], passage, *self.thought[place:], closing], self.answer)


def trace(dice: random.Random, language: str, characters: int) -> Trace:
    """A clean trace of about that size. English and Chinese solve a problem; the others talk about one."""
    if language in CLOSING:
        solved = problem(dice, language)
        room = max(0, characters - sum(map(len, solved.paragraphs)))
        around = filler(dice, language, min(room, capacity(language))) if room > 40 else []
        cut = dice.randint(0, len(around))
        thought = [*around[:cut], *solved.paragraphs, *around[cut:]]
        closing = filled(dice.choice(CLOSING[language]), solved)
        answer = filled(dice.choice(ANSWERS[language]), solved)
        return Trace(language, solved.prompt, thought, closing, answer, solved.answer)
    if language not in BANK:
        return Trace(language, "", [], "", dice.choice(LAST_WORDS[language]))
    thought = filler(dice, language, min(characters, capacity(language) - 200), most=3)
    answer = dice.choice(ANSWERS[language]).replace("{{x}}", "{" + str(dice.randint(2, 99)) + "}")
    return Trace(language, "", thought, "", answer)


def length(dice: random.Random, low: int, high: int) -> int:
    """Log-uniform between the two."""
    return int(low * (high / low) ** dice.random())


# Clean cases


def clean(dice: random.Random) -> Iterator[Case]:
    """Nothing is wrong with these."""
    for language, count, high in (("en", 34, 8000), ("zh", 28, 3200)):
        for number in range(count):
            made = trace(dice, language, length(dice, 250, high))
            yield Case(f"plain-{language}-{number}", language, made.prompt, made.text(), "plain", "nothing special")
    for language in ("fr", "de", "es", "ru", "ja", "ko", "it", "pt"):
        for number in range(3):
            made = trace(dice, language, length(dice, 400, 1300))
            yield Case(f"plain-{language}-{number}", language, "", made.text(), "foreign", "one language throughout")
    written = [*passages("clean-en.txt"), *passages("clean-zh.txt"), *passages("clean-other.txt")]
    for one in written:
        last = dice.choice(LAST_WORDS[one.language])
        opening = f"{dice.choice(BANK[one.language][:1])}\n\n" if one.language in BANK else ""
        yield Case(one.name, one.language, "", reply(opening + one.text, last), one.kind, one.note)
        if one.language in BANK:
            made = trace(dice, one.language, length(dice, 700, 4000))
            text = made.with_passage(dice, one.text)
            yield Case(f"{one.name}-within", one.language, made.prompt, text, one.kind, f"{one.note}, in a longer one")
    for one in written:
        if one.kind in ("code", "table", "markdown", "latex") and one.language in CLOSING:
            made = trace(dice, one.language, length(dice, 300, 1200))
            text = f"{one.text}\n\n{dice.choice(LAST_WORDS[one.language])}"
            yield Case(f"{one.name}-answer", one.language, "", reply(made.thought, text), one.kind,
                       f"{one.note}, in the answer")  # fmt: skip
    yield from clean_long(dice, written)
    yield from clean_paragraphs(dice)
    yield from clean_endings(dice)


def clean_long(dice: random.Random, written: list[Passage]) -> Iterator[Case]:
    """Proper traces of ten kilobytes and more: several problems and hard passages one after the other."""
    for language, count, many in (("en", 10, 16), ("zh", 8, 12)):
        own = [one.text for one in written if one.language == language]
        for number in range(count):
            parts = [*dice.sample(own, many), *filler(dice, language, capacity(language) * 2 // 3)]
            parts += ["\n\n".join(problem(dice, language).paragraphs) for _ in range(2)]
            dice.shuffle(parts)
            text = reply(parts, dice.choice(LAST_WORDS[language]))
            yield Case(f"long-{language}-{number}", language, "", text, "long", "many things, all of them proper")


def clean_paragraphs(dice: random.Random) -> Iterator[Case]:
    """Paragraphs that are long but not too long."""
    for language, sizes in (("en", (700, 900, 1100, 1300, 1400, 1500)), ("zh", (250, 330, 400, 460, 520))):
        for size in sizes:
            made = trace(dice, language, 1200)
            text = made.with_passage(dice, wall(dice, language, size))
            yield Case(f"paragraph-{language}-{size}", language, made.prompt, text, "paragraph",
                       f"a paragraph of {size} characters, which is bearable")  # fmt: skip
    for number in range(6):
        made = trace(dice, "en", 600)
        wrapped = "\n\n".join(textwrap.fill(part, 76) for part in filler(dice, "en", 2500, most=5))
        yield Case(f"paragraph-wrapped-{number}", "en", made.prompt, made.with_passage(dice, wrapped), "paragraph",
                   "lines wrapped at 76 columns, paragraphs of a few sentences")  # fmt: skip


ENDINGS = {
    "en": [
        ("\\boxed{12}", "12", "a box and nothing else"),
        ("**12**", "12", "a bold number"),
        ("Answer: 12", "12", "a label and a number"),
        ("The steps are:\n\n- undo the addition\n- undo the multiplication\n- check", "", "ends with a list item"),
        ("| x | y |\n|---|---|\n| 1 | 2 |\n| 2 | 4 |", "", "ends with a table"),
        ("Here is the program:\n\n```python\nprint(sum(range(10)))\n```", "", "ends with a code block"),
        ("The value is\n\n$$\\frac{1}{2} + \\frac{1}{3} = \\frac{5}{6}$$", "", "ends with a formula"),
        ("We have shown the claim. ∎", "", "ends with a sign"),
        ("It is the city of Paris (France)", "", "ends with a bracket"),
        ("The answer is 1,000.", "1000", "thousands with a comma"),
        ("The answer is $\\boxed{\\frac{1}{2}}$.", "0.5", "a fraction for a decimal"),
        ("The answer is $\\boxed{x = 5}$.", "5", "with its variable"),
        ("The answer is \\boxed{12 \\text{ km}}.", "12", "with its unit"),
        ("The answer is \\boxed{\\dfrac{3}{4}}.", "$\\frac{3}{4}$", "another spelling of a fraction"),
        ("The answer is \\boxed{B}.", "(B)", "a letter in brackets"),
        ("The answer is **7**.", "seven", "a number in words"),
    ],
    "zh": [
        ("\\boxed{12}", "12", "只有一个框"),
        ("答案：12", "12", "没有句号"),
        ("答案是12", "12", "没有句号"),
        ("步骤如下：\n\n1. 移项\n2. 合并同类项\n3. 检验", "", "以列表结尾"),
        ("综上所述，命题成立", "", "没有句号"),
        ("答案是$\\boxed{\\frac{1}{2}}$。", "0.5", "分数与小数"),
        ("答案是\\boxed{12}千米。", "12千米", "带单位"),
        ("程序如下：\n\n```python\nprint(sum(range(10)))\n```", "", "以代码结尾"),
    ],
}


def clean_endings(dice: random.Random) -> Iterator[Case]:
    """Answers that end without a full stop, and answers spelt otherwise than in the thought."""
    for language, endings in ENDINGS.items():
        named = "So the answer is {x}." if language == "en" else "所以答案是{x}。"
        for number, (answer, said, note) in enumerate(endings):
            thought = filler(dice, language, length(dice, 250, 900))
            text = reply([*thought, named.replace("{x}", said) if said else ""], answer)
            yield Case(f"ending-{language}-{number}", language, "", text, "ending", note)
    for number in range(4):
        made = trace(dice, "en", 700)
        solved = problem(dice, "en")
        doubt = ["So the answer is 14?", "No, that cannot be, I dropped a term. Let me do it again."]
        thought = [*made.thought, *doubt, *solved.paragraphs, f"So the answer is {solved.answer}."]
        yield Case(f"ending-doubt-{number}", "en", solved.prompt, reply(thought, filled(ANSWERS["en"][0], solved)),
                   "self-correction", "an answer that is taken back before the right one")  # fmt: skip


# Flaws


def mixed(dice: random.Random) -> Iterator[Case]:
    """Foreign words, sentences and paragraphs in one target language."""
    for one in passages("mixed.txt"):
        label = {"mixed_language": one.weight}
        for size, name in ((length(dice, 250, 700), "short"), (length(dice, 2500, 6500), "long")):
            made = trace(dice, one.language, size)
            if name == "long" and one.language not in CLOSING:
                continue
            yield Case(f"{one.name}-{name}", one.language, made.prompt, made.with_passage(dice, one.text), "flaw",
                       one.note, label)  # fmt: skip
    for target, other in (
        ("en", "zh"),
        ("zh", "en"),
        ("en", "fr"),
        ("en", "de"),
        ("de", "en"),
        ("fr", "en"),
        ("es", "en"),
        ("ru", "en"),
        ("ja", "en"),
        ("ko", "zh"),
        ("en", "ru"),
        ("zh", "ja"),
    ):
        here, there = trace(dice, target, 900), trace(dice, other, 900)
        text = reply([*here.thought, *there.thought, here.closing], here.answer)
        yield Case(f"half-{target}-{other}", target, here.prompt, text, "flaw", f"half of it in {other}",
                   {"mixed_language": HEAVY})  # fmt: skip
        text = reply([*here.thought, here.closing], there.answer + " " + dice.choice(LAST_WORDS[other]))
        yield Case(f"answer-{target}-{other}", target, here.prompt, text, "flaw", f"the answer is in {other}",
                   {"mixed_language": HEAVY, "format": EITHER})  # fmt: skip
        yield Case(f"all-{target}-{other}", target, here.prompt, there.text(), "flaw", f"all of it in {other}",
                   {"mixed_language": HEAVY})  # fmt: skip


def wall(dice: random.Random, language: str, characters: int) -> str:
    """One paragraph of so many characters."""
    stock, glue, text = sentences(dice, language), "" if language in SPACELESS else " ", ""
    bodies: list[str] = []
    if characters > capacity(language) * 0.8:  # problems too, so that it is long without saying the same again
        while sum(map(len, bodies)) < characters - capacity(language) * 0.75:
            bodies.append(glue.join(problem(dice, language).paragraphs))
    while len(text) < characters:
        if bodies and dice.random() < 0.3:
            text += bodies.pop() + glue
        text += next(stock) + glue
    return text.strip()


def long_paragraphs(dice: random.Random) -> Iterator[Case]:
    """Walls of text: in one line, and broken by hard wraps in the middle of sentences."""
    plan = [("en", LIGHT, (2600, 2700, 2800, 2900, 3000, 3100, 3300, 3500)),
            ("en", HEAVY, (4800, 5200, 5600, 6000, 6400, 7000, 7500, 8000)),
            ("zh", LIGHT, (1250, 1300, 1350, 1400, 1500, 1600)),
            ("zh", HEAVY, (2500, 2700, 2900, 3100, 3300, 3500))]  # fmt: skip
    for language, weight, sizes in plan:
        for size in sizes:
            made = trace(dice, language, 0)  # the wall needs all the sentences that there are
            text = made.with_passage(dice, wall(dice, language, size))
            yield Case(f"wall-{language}-{size}", language, made.prompt, text, "flaw", f"a wall of {size} characters",
                       {"long_paragraph": weight})  # fmt: skip
    for width, size, weight in (
        (72, 2800, LIGHT),
        (80, 3200, LIGHT),
        (90, 3400, LIGHT),
        (64, 3000, LIGHT),
        (72, 5200, HEAVY),
        (80, 5800, HEAVY),
        (100, 6400, HEAVY),
        (66, 5000, HEAVY),
    ):
        made = trace(dice, "en", 0)
        text = made.with_passage(dice, textwrap.fill(wall(dice, "en", size), width))
        yield Case(f"wall-wrapped-{width}-{size}", "en", made.prompt, text, "flaw", f"wrapped at {width} columns",
                   {"long_paragraph": weight})  # fmt: skip
    for width, size, weight in ((34, 1500, LIGHT), (40, 1600, LIGHT), (34, 2700, HEAVY), (44, 3000, HEAVY)):
        made = trace(dice, "zh", 0)
        one = wall(dice, "zh", size)
        text = made.with_passage(dice, "\n".join(one[at : at + width] for at in range(0, len(one), width)))
        yield Case(f"wall-wrapped-zh-{width}-{size}", "zh", made.prompt, text, "flaw", f"每{width}字换行的长段落",
                   {"long_paragraph": weight})  # fmt: skip
    for number, size in enumerate((3000, 6000)):
        made = trace(dice, "en", 100)
        yield Case(f"wall-only-{number}", "en", made.prompt, reply(wall(dice, "en", size), made.answer), "flaw",
                   "the whole thought is one paragraph", {"long_paragraph": HEAVY if number else LIGHT})  # fmt: skip


def messy_code(dice: random.Random) -> Iterator[Case]:
    """Code that nobody would want to read."""
    for one in passages("code.txt"):
        for name, size in (("short", length(dice, 250, 700)), ("long", length(dice, 1500, 4000))):
            made = trace(dice, one.language, size)
            yield Case(f"{one.name}-{name}", one.language, made.prompt, made.with_passage(dice, one.text), "flaw",
                       one.note, {"messy_code": one.weight})  # fmt: skip
    for one in passages("code.txt"):
        if "unparsable" in one.name or "indentation" in one.name or "prose" in one.name:
            made = trace(dice, one.language, 600)
            text = reply([*made.thought, made.closing], one.text)
            yield Case(f"{one.name}-answer", one.language, made.prompt, text, "flaw", f"{one.note}, in the answer",
                       {"messy_code": one.weight})  # fmt: skip


TURNS = {
    "en": ("Wait, let me check the sum again, because I am not sure about the carry.",
           "So we have to go back to the first equation and solve it for y.",
           "The number is divisible by three, so I divide it by three again."),
    "zh": ("等一下，让我再检查一遍，因为我不确定进位是否正确。", "所以我们要回到第一个方程，再解一次。",
           "这个数能被三整除，所以再除以三。"),
    "fr": ("Attends, je vérifie encore une fois la somme.",),
    "de": ("Moment, ich prüfe die Summe noch einmal nach.",),
    "ru": ("Подождите, я ещё раз проверю эту сумму.",),
    "ja": ("待ってください、もう一度合計を確かめます。",),
    "es": ("Espera, voy a comprobar la suma otra vez.",),
}  # fmt: skip
TOKENS = {
    "en": ("the ", "so ", "1 + ", "x = 3, ", "\\quad ", "Wait, ", "= 2 "),
    "zh": ("好的，", "因此", "再来", "x=3，", "1，"),
}


def repetition(dice: random.Random) -> Iterator[Case]:
    """Loops and sayings again."""
    yield from loops(dice)
    for language in ("en", "zh"):
        for number in range(6):  # the same paragraph again
            made = trace(dice, language, 1100 if language == "en" else 420)
            again = wall(dice, language, 330 if language == "en" else 130)
            thought, times = list(made.thought), 3 if number % 2 else 7
            for _ in range(times):
                thought.insert(dice.randint(0, len(thought)), again)
            yield Case(f"again-{language}-{number}", language, made.prompt,
                       reply([*thought, made.closing], made.answer), "flaw", f"one paragraph {times} times",
                       {"repetition": LIGHT if times == 3 else HEAVY})  # fmt: skip
        for number in range(4):  # a whole argument again
            made = trace(dice, language, 1300 if language == "en" else 500)
            times = 2 if number % 2 else 5
            yield Case(f"rounds-{language}-{number}", language, made.prompt,
                       reply([*(made.thought * times), made.closing], made.answer), "flaw",
                       f"the same argument {times} times", {"repetition": LIGHT if times == 2 else HEAVY})  # fmt: skip
        for number in range(5):  # the same with small changes
            yield varied(dice, language, number)
        for number in range(4):  # one line between the others
            made = trace(dice, language, 700 if language == "en" else 350)
            line, times = TURNS[language][number % 3], 12 if number % 2 else 30
            thought = list(made.thought)
            for _ in range(times):
                thought.insert(dice.randint(0, len(thought)), line)
            yield Case(f"line-{language}-{number}", language, made.prompt,
                       reply([*thought, made.closing], made.answer), "flaw", f"one line {times} times",
                       {"repetition": LIGHT if times == 12 else HEAVY})  # fmt: skip


def loops(dice: random.Random) -> Iterator[Case]:
    """One thing over and over at the end: of a thought that is then closed, of one that is cut, of the answer."""
    for language, turns in TURNS.items():
        for number, turn in enumerate(turns):
            glue = "" if language in SPACELESS else " "
            for times, weight in ((8, LIGHT), (40, HEAVY)):
                made = trace(dice, language, 700)
                thought = [*made.thought, glue.join([turn] * times)]
                yield Case(f"loop-sentence-{language}-{number}-{weight}", language, made.prompt,
                           reply(thought, made.answer), "flaw", f"a sentence {times} times in one paragraph",
                           {"repetition": weight} | wide(language, turn, times))  # fmt: skip
            made = trace(dice, language, 900)
            text = "<think>\n" + "\n\n".join([*made.thought, *[turn] * 60])[: -dice.randint(3, 9)]
            yield Case(f"loop-cut-{language}-{number}", language, made.prompt, text, "flaw", "a loop until it was cut",
                       {"repetition": HEAVY, "truncated": HEAVY, "format": EITHER}, "length")  # fmt: skip
    for language, tokens in TOKENS.items():
        for number, token in enumerate(tokens):
            made = trace(dice, language, 700)
            times = (60, 400)[number % 2]
            thought = [*made.thought, made.closing]
            text = reply(thought, made.answer + "\n\n" + token * times)
            yield Case(f"loop-token-{language}-{number}", language, made.prompt, text, "flaw",
                       f"the answer ends in {token!r} {times} times",
                       {"repetition": HEAVY if times == 400 else LIGHT, "truncated": EITHER})  # fmt: skip
            text = "<think>\n" + "\n\n".join([*made.thought, token * 300])
            yield Case(f"loop-token-cut-{language}-{number}", language, made.prompt, text, "flaw",
                       f"{token!r} until it was cut",
                       {"repetition": HEAVY, "truncated": HEAVY, "format": EITHER, "long_paragraph": EITHER},
                       "length")  # fmt: skip
    for language in ("en", "zh"):
        for number in range(4):
            made = trace(dice, language, 600)
            part = "\n\n".join(filler(dice, language, 300 if language == "en" else 120))
            times = (3, 9)[number % 2]
            thought = [*made.thought, *[part] * times]
            text = reply(thought, made.answer)
            yield Case(f"loop-paragraphs-{language}-{number}", language, made.prompt, text, "flaw",
                       f"the end {times} times", {"repetition": HEAVY if times == 9 else LIGHT})  # fmt: skip


def wide(language: str, turn: str, times: int) -> dict[str, str]:
    """A loop in one paragraph may be a long paragraph too; whether it is one is not what the case is about."""
    return {"long_paragraph": EITHER} if len(turn) * times > (500 if language in SPACELESS else 1500) else {}


SHIFTS = {
    "en": (("Let me check whether the {o} digit is {k}, because then the number would be {k} as well.",
            "But if the {o} digit is {k}, the sum of the digits cannot be {k}, so I have to check it again."),
           ("first", "second", "third", "last"), ("even", "odd", "prime", "zero")),
    "zh": (("让我检查一下{o}数字是不是{k}，因为那样的话整个数也会是{k}。",
            "可是如果{o}数字是{k}，那么数字之和就不可能是{k}，所以要再检查一遍。"),
           ("第一个", "第二个", "第三个", "最后一个"), ("偶数", "奇数", "质数", "零")),
}  # fmt: skip


def varied(dice: random.Random, language: str, number: int) -> Case:
    """Few words changing places in a circle of sentences that lead nowhere."""
    shapes, ordinals, kinds = SHIFTS[language]
    times, glue = (8 if number % 2 else 30), "" if language in SPACELESS else " "
    made = trace(dice, language, 500 if language == "en" else 250)
    said = [
        glue.join(shape.replace("{o}", dice.choice(ordinals)).replace("{k}", dice.choice(kinds)) for shape in shapes)
        for _ in range(times)
    ]
    text = reply([*made.thought, *said], made.answer)
    return Case(f"varied-{language}-{number}", language, made.prompt, text, "flaw",
                f"{times} rounds of the same with other words in two places",
                {"repetition": LIGHT if times == 8 else HEAVY})  # fmt: skip


CUTS = {
    "en": [
        ("The two conditions together imply that the sum of the", LIGHT, "after an article"),
        ("We add the two numbers, divide by three, and", LIGHT, "after a conjunction"),
        ("Since the number is even,", LIGHT, "after a comma"),
        ("The perimeter of the figure is equal to", LIGHT, "after a preposition"),
        ("Therefore the value of the expression is", LIGHT, "after a verb"),
        ("There are three cases. In the first one, both numbers are even, and this means that their product can be "
         "divided by", LIGHT, "before a number"),
        ("The roots are $x = 2$ and $x =", HEAVY, "in a formula"),
        ("Adding the fractions gives $\\frac{3}{4} + \\frac{", HEAVY, "in a fraction"),
        ("Altogether we find\n\n$$\\sum_{k=1}^{n} k = \\frac{n(n+1)", HEAVY, "in a displayed formula"),
        ("The value is\n\n\\[\n\\int_0^1 x^2 \\, dx = \\left[ \\frac{x^3}{3} \\right]_0^1 =", HEAVY, "in brackets"),
        ("The answer is \\boxed{12", HEAVY, "in the box"),
        ("The answer is $\\boxed{\\frac{3}{4", HEAVY, "in a fraction in the box"),
        ("The larger of the two numbers (which is also the one that", LIGHT, "in brackets"),
        ("1. Subtract seven from both sides.\n2. Divide both sides by four.\n3. Check that the", LIGHT, "in a list"),
        ("We multiply the probabilities of the two draws, which gives us the chance that both balls are red or that "
         "both of them", LIGHT, "in a subordinate clause"),
    ],
    "zh": [
        ("由这两个条件可以得出，这两个数的和与", LIGHT, "在连词之后"),
        ("因为这个数是偶数，", LIGHT, "在逗号之后"),
        ("所以图形的周长等于", LIGHT, "在动词之后"),
        ("一共有三种情况。第一种情况是两个数都是偶数，这时候它们的", LIGHT, "在定语之后"),
        ("方程的根是$x=2$和$x=", HEAVY, "在公式里"),
        ("两个分数相加得到$\\frac{3}{4}+\\frac{", HEAVY, "在分数里"),
        ("于是\n\n$$\\sum_{k=1}^{n}k=\\frac{n(n+1)", HEAVY, "在独立公式里"),
        ("答案是\\boxed{12", HEAVY, "在框里"),
        ("较大的那个数（也就是", LIGHT, "在括号里"),
        ("首先移项，然后合并同类项，最后", LIGHT, "在副词之后"),
    ],
    "fr": [("Par conséquent, la valeur de l'expression est", LIGHT, "après un verbe")],
    "de": [("Daher ist die Summe der beiden Zahlen gleich", LIGHT, "nach einem Adjektiv")],
    "es": [("Por lo tanto, el valor de la expresión es igual a", LIGHT, "tras una preposición")],
    "ru": [("Следовательно, сумма этих двух чисел равна $\\frac{", HEAVY, "в формуле")],
    "ja": [("したがって、この二つの数の和は\\boxed{12", HEAVY, "枠の中で")],
}  # fmt: skip


def truncated(dice: random.Random) -> Iterator[Case]:
    """Replies that stop in the middle."""
    for language, cuts in CUTS.items():
        for number, (answer, weight, note) in enumerate(cuts):
            made = trace(dice, language, length(dice, 300, 1500))
            yield Case(f"cut-{language}-{number}", language, made.prompt, reply(made.thought, answer), "flaw",
                       f"the answer stops {note}" if language == "en" else note, {"truncated": weight})  # fmt: skip
            if language in CLOSING and number % 2 == 0:
                text = reply(made.thought, answer)
                yield Case(f"cut-{language}-{number}-length", language, made.prompt, text, "flaw",
                           f"{note}, and the engine says so", {"truncated": HEAVY}, "length")  # fmt: skip
    for language in ("en", "zh", "de", "ru"):
        for number in range(5 if language in CLOSING else 2):
            made = trace(dice, language, length(dice, 500, 3000))
            body = "\n\n".join(made.thought)
            words = body[: int(len(body) * dice.uniform(0.5, 0.95))]
            finish = "length" if number % 2 == 0 else "stop"
            yield Case(
                f"cut-thought-{language}-{number}",
                language,
                made.prompt,
                "<think>\n" + words,
                "flaw",
                f"the thought is never closed ({finish})",
                {"truncated": HEAVY, "format": EITHER},
                finish,
            )
    for language in ("en", "zh"):
        for number in range(3):
            made = trace(dice, language, length(dice, 500, 3000))
            yield Case(f"cut-limit-{language}-{number}", language, made.prompt, made.text(), "flaw",
                       "looks whole, but the engine says that it was cut", {"truncated": LIGHT}, "length")  # fmt: skip
        made = trace(dice, language, 600)
        code = "```python\ndef total(numbers):\n    result = 0\n    for number in"
        yield Case(f"cut-code-{language}", language, made.prompt, reply(made.thought, code), "flaw",
                   "the answer stops in a code block", {"truncated": HEAVY, "messy_code": EITHER}, "stop")  # fmt: skip


TEMPLATE = (
    ("{t}<|im_end|>", LIGHT), ("{t}<|endoftext|>", LIGHT), ("{t}</s>", LIGHT), ("{t}<｜end▁of▁sentence｜>", LIGHT),
    ("<|im_start|>assistant\n{t}", LIGHT),
    ("{t}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThank you!", HEAVY),
    ("{t}<|im_end|>\n<|im_start|>user\nAnd what about the next one?<|im_end|>\n<|im_start|>assistant\nIt is the same.",
     HEAVY), ("{t}\n\n[INST] Give me another one. [/INST] Here it is.", HEAVY),
)  # fmt: skip


def formats(dice: random.Random) -> Iterator[Case]:
    """Tags in disorder, missing parts, leftovers, two answers."""
    for language in ("en", "zh"):
        for number in range(3):
            made = trace(dice, language, length(dice, 300, 1200))
            body, rest = "\n\n".join(made.thought), "\n\n".join(filler(dice, language, 200))
            shapes: dict[str, tuple[str, str]] = {
                "no-tags": (f"{body}\n\n{made.answer}", HEAVY),
                "two-blocks": (f"<think>\n{body}\n</think>\n\n<think>\n{rest}\n</think>\n\n{made.answer}", HEAVY),
                "two-blocks-apart": (f"<think>\n{body}\n</think>\n\n{made.answer}\n\n<think>\n{rest}\n</think>", HEAVY),
                "wrong-order": (f"</think>\n{body}\n<think>\n\n{made.answer}", HEAVY),
                "no-thought": (f"<think>\n\n</think>\n\n{body}\n\n{made.answer}", HEAVY),
                "no-answer": (f"<think>\n{body}\n\n{made.answer}\n</think>\n", HEAVY),
                "preface": (f"{rest}\n\n<think>\n{body}\n</think>\n\n{made.answer}", LIGHT),
                "nested": (f"<think>\n{rest}\n<think>\n{body}\n</think>\n\n{made.answer}", LIGHT),
                "closed-twice": (f"<think>\n{body}\n</think>\n\n{made.answer}\n</think>", LIGHT),
            }
            for name, (text, weight) in shapes.items():
                yield Case(f"tags-{name}-{language}-{number}", language, made.prompt, text, "flaw", name,
                           {"format": weight})  # fmt: skip
        for number, (template, weight) in enumerate(TEMPLATE):
            made = trace(dice, language, length(dice, 300, 1500))
            # Their words are English; whether that is another language is not what these cases are about.
            labels = {"format": weight} | ({"mixed_language": EITHER} if language == "zh" else {})
            yield Case(f"template-{language}-{number}", language, made.prompt, template.replace("{t}", made.text()),
                       "flaw", "tokens of a chat template", labels)  # fmt: skip
        for number in range(8):
            solved, made = problem(dice, language), trace(dice, language, length(dice, 300, 2000))
            thought = [*made.thought, *solved.paragraphs, filled(CLOSING[language][number % 3], solved)]
            other = Problem(solved.prompt, solved.paragraphs, str(dice.randint(400, 900)))
            yield Case(f"disagrees-{language}-{number}", language, solved.prompt,
                       reply(thought, filled(ANSWERS[language][0], other)), "flaw",
                       f"{solved.answer} in the thought, {other.answer} in the answer", {"format": LIGHT})  # fmt: skip


FILES = {
    "clean": clean, "mixed-language": mixed, "long-paragraph": long_paragraphs, "messy-code": messy_code,
    "repetition": repetition, "truncated": truncated, "format": formats,
}  # fmt: skip


def main() -> None:
    """Write all files anew."""
    for name, make in FILES.items():
        cases = list(make(random.Random(f"{SEED} {name}")))
        text = "".join(case.line() + "\n" for case in cases)
        (FOLDER / f"{name}.jsonl").write_text(text, encoding="utf-8")
        print(f"{name}: {len(cases)} cases, {len(text.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
