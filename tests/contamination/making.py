# ruff: noqa: E501 - sentences read better whole
"""Makes the labelled cases from what was written by hand: `python -m tests.contamination.making`.

Planted texts hold an item of `items.jsonl`, changed in a way that their `kind` names. Look-alikes hold none: same
topic, same stock phrases, same template with other content, quoted theorems, instructions, reasoning about other things.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

CASES = Path(__file__).parent / "cases"
HAN = re.compile(r"[一-鿿]")
NUMBER = re.compile(r"\d+")

REWORDED = {
    "olympiad-1": "A lighthouse keeper goes up a winding staircase of 217 steps. Every morning she climbs them one or "
    "two at a time but never stands on a step whose number is a multiple of 7. How many ways are there to reach the top?",
    "olympiad-4": "Anton and Beatrix play on a board of 19 by 19 squares. In turns they put down a domino covering two "
    "free neighbouring cells; Anton only horizontally, Beatrix only vertically. The one who cannot move loses, and "
    "Anton begins. Who has a winning strategy?",
    "olympiad-9": "In how many ways can we seat 12 monks at three round tables of four when brother Anselm will not "
    "share a table with brother Wilfrid? Rotations of a table are not told apart.",
    "word-1": "Marguerite bakes 48 croissants on Saturday and half that number on Sunday. At the market she sells two "
    "thirds of all the croissants for 3 euros apiece, she gives 6 to Olivier, her neighbour, and freezes the others. "
    "How many croissants are frozen, and what does she earn at the market?",
    "word-2": "At 6:40 a cargo train leaves Gdansk towards Poznan at 72 kilometres per hour. An express follows fifty "
    "minutes later on the parallel track at 120 kilometres per hour. When does the express overtake the cargo train, "
    "and how far from Gdansk are the two then?",
    "word-3": "Ravi collects rainwater in a cylindrical barrel with a radius of 35 centimetres. After a thunderstorm "
    "the level had risen by 12 centimetres. Every evening he waters his tomatoes with 9 litres and every third evening "
    "his roses with 4 litres. How many days does the thunderstorm's water last?",
    "word-4": "A beekeeping club has 34 members. Nineteen keep carniolan bees, sixteen keep buckfast bees and seven "
    "keep neither kind. How many of the members keep both kinds?",
    "word-9": "During the first year of a survey the glacier in the Aletsch valley lost 26 metres of its length, and "
    "then each year 4 metres more than the year before. After how many years had it lost over 500 metres altogether?",
    "mc-1": "A potter with fatigue and Fanconi syndrome, who has glazed ceramics at home for thirty years, sees a "
    "nephrologist. Which metal most likely caused the tubular damage?",
    "mc-5": "In a Hansa merchant's ledger from 1398, what commodity shipped from Bergen to Luebeck made up the largest "
    "part of the cargo by value?",
    "fact-5": "On which schooner did the cartographer Lovisa Björk map the Lofoten fishing grounds between 1871 and 1874?",
    "fact-6": "How many hydroelectric stations did engineer Tomás Echeverri build along the river Sinú before the 1938 "
    "flood?",
    "code-2": "A caravan has to cross a desert with n oases in a row. Oasis i sells water at p[i] coins per skin and "
    "the way to the next oasis takes d[i] skins. The camels can carry c skins at most. Output the least number of coins "
    "for the caravan to reach the last oasis, or -1 if it perishes of thirst.",
    "code-4": "parse_duration in utils/clock.py silently accepts strings like '5h-3m' and returns a negative number of "
    "minutes. Make it raise ValueError naming the offending fragment, and add a regression test for mixed signs and for "
    "repeated units.",
    "write-3": "My basil plants are wilting though I water them twice daily and the pot has a drainage hole. Give me a "
    "checklist for diagnosing the problem, ordered from most probable to least.",
    "zh-1": "甲、乙两城相距360千米，一列快车从甲城开出，每小时行80千米；一列慢车从乙城同时出发，每小时行60千米。"
    "两车相向而行，途中慢车因故障停了半小时。快车开出几小时后两车相遇？",
    "zh-4": "以下关于宋代市舶司的说法，正确的是哪一个？A 仅设于广州一地，专管朝贡贸易 B 负责查验出入海舶并抽取舶货税 "
    "C 隶属枢密院，掌管海防水军 D 由民间行会推举商人担任主官",
    "zh-5": "女性患者，52岁，反复口腔溃疡伴有外阴溃疡三年，近日右眼视物模糊，针刺反应阳性，最可能诊断为？",
    "zh-8": "把编号1至8的八个小球放入编号1至4的四个盒子，要求每个盒子至少放一个球，而且偶数号球不能放入奇数号盒子，"
    "一共有多少种不同的放法？",
    "zh-9": "小明家果园里有苹果树和梨树共120棵，苹果树比梨树的两倍还多15棵。今年每棵苹果树平均收获38千克，"
    "果园总共收获苹果多少千克？",
}  # fmt: skip
SYNONYMS = {
    "in": "within", "the": "that", "a": "one", "of": "from", "and": "plus", "each": "every", "she": "the woman",
    "how": "exactly how", "many": "numerous", "find": "determine", "which": "what", "for": "during", "to": "towards",
    "is": "becomes", "that": "which", "or": "and also", "with": "having", "on": "upon",
}  # fmt: skip
SIBLINGS = (
    "A mountain guide walks down a ladder of 40 rungs two or three at a time. In how many ways can he reach the ground?",
    "Let $ABCD$ be a cyclic quadrilateral whose diagonals meet in $E$. The circle through $A$, $B$ and $E$ meets the "
    "segment $CD$ in two points. Prove that $EA \\cdot EC = EB \\cdot ED$.",
    "Find the number of ordered triples $(x,y,z)$ of positive integers such that $x+y+z = 30$ and $x<y<z$.",
    "Find the number of ordered pairs $(a,b)$ of positive integers such that $ab = 720$ and $a$ divides $b$.",
    "Find the number of ordered pairs $(m,n)$ of positive integers such that $m^2n = 20^{20}$.",
    "Two players play a game on an 8 by 8 board. They alternately place a bishop on a free square so that no two bishops "
    "attack each other. Whoever cannot move loses. Who has a winning strategy?",
    "The polynomial $P(x) = x^3 - 6x^2 + kx - 6$ has three positive real zeros. Determine the smallest value of $k$.",
    "Find all functions $f:\\mathbb{R}\\to\\mathbb{R}$ such that $f(x+y) = f(x) + f(y)$ for all real numbers $x$ and $y$.",
    "Find all functions $f:\\mathbb{R}\\to\\mathbb{R}$ such that $f(x^2) = x f(x)$ for all real numbers $x$.",
    "A sequence is given by $a_1 = 1$ and $a_{n+1} = 2a_n + 1$. Prove that $a_n = 2^n - 1$ for every positive integer $n$.",
    "In how many ways can 10 children be seated at a round table if rotations are not told apart?",
    "Suppose that $f$ is continuous on the closed interval $[a, b]$ and differentiable on the open interval $(a, b)$. "
    "Then there is a point $c$ in $(a,b)$ with $f'(c) = \\frac{f(b)-f(a)}{b-a}$.",
    "Convert the point $(0, -3)$ in rectangular coordinates to polar coordinates. Enter your answer in the form "
    "$(r, \\theta)$, where $r > 0$ and $0 \\le \\theta < 2\\pi$.",
    "What is the smallest positive integer that leaves remainder 2 when divided by 3 and remainder 3 when divided by 5?",
    "Simplify $\\sqrt{72} + \\sqrt{32}$.", "Simplify $\\sqrt{50} + \\sqrt{8}$.",
    "What is the capital of Austria?", "What is the capital of Albania?", "What is the largest city of Australia?",
    "Which gas is most abundant in the atmosphere of Venus?", "Which element is most abundant in Earth's crust?",
    "What is the chemical symbol for silver?", "What is the chemical symbol for potassium?",
    "In which year did the botanist Joseph Banks leave Iceland?", "Who conducted the premiere of Puccini's opera Turandot?",
    "Which of the following statements is true? A. Granite is an extrusive rock. B. Coal is a mineral. C. Chalk is a "
    "limestone. D. Obsidian is metamorphic.",
    "Which of the following statements is true?", "Which organelle of the cell stores genetic information?",
    "A patient sees a cardiologist with chest pain and shortness of breath. Which drug is the most likely cause?",
    "A company that depreciates its trucks by the straight-line method sells one of them. How is the gain reported?",
    "A defendant throws a stone through a window, honestly believing that the house is empty. Of which offence may the "
    "defendant be convicted?",
    "Given an array of integers nums and an integer target, return indices of the two numbers such that they add up to "
    "target. You may assume that each input would have exactly one solution.",
    "You are given a string s and an integer k. In one move you may delete any k equal adjacent letters. Return the final "
    "string. Constraints: 1 <= |s| <= 2000, 2 <= k <= |s|.",
    "You are given an array a of n integers. Print the least number of moves, or -1 if it is impossible.",
    "The function parse_date in utils/calendar.py fails on leap years. It should accept 29 February. Add a regression test.",
    "Implement a class Stack with methods push(value), pop() and top(), each in constant time.",
    "Write a letter of at least 300 words to your landlord in which you complain about the heating. Do not use any commas.",
    "Explain to a child how a rainbow forms, in the form of a dialogue between the sun and a cloud.",
    "My tomato plants have yellow leaves. What could be the reason?",
    "The trophy does not fit into the brown suitcase because it is too large. What does the word it refer to?",
    "What is 17 + 25?", "What is 24 + 17?", "What is 71 + 42?", "What is 17 + 24 + 3?",
    "Tom has 9 pears and eats 4 of them. How many pears does Tom have?",
    "A bus travels 45 miles per hour for 2 hours. How far does it go?",
    "A cyclist rides at 15 kilometres per hour for 4 hours and then rests. How far has the cyclist come?",
    "In a chess club there are 40 members. Twenty play the Sicilian, twelve play the French and five play both. How many "
    "members play neither?",
    "甲、乙两人同时从A地出发去B地，甲每小时走5千米，乙每小时走4千米，甲到达后立即返回，途中与乙相遇，求相遇地点到B地的距离。",
    "甲、乙两个工程队合修一条公路，甲队每天修80米，乙队每天修60米，合修12天完成，这条公路长多少米？",
    "已知函数f(x)=x²-2ax+3 (a为实数)，若f(x)在区间[1,2]上单调递增，求实数a的取值范围。",
    "已知函数f(x)=e^x-x-1，求f(x)的单调区间和极值。",
    "在三棱锥P-ABC中，PA垂直于底面ABC，AB垂直于BC，求证：平面PBC垂直于平面PAB。",
    "在正方体ABCD-A1B1C1D1中，点M是棱CC1的中点，求异面直线BM与AC所成角的余弦值。",
    "下列关于明代科举的表述，正确的是哪一项？", "下列关于唐代市坊制度的表述，错误的是哪一项？",
    "患者，男，60岁，反复咳嗽咳痰十年，近日气促加重，最可能的诊断是什么？", "中国的首都在古代叫什么？", "法国的首都是哪里？",
    "把五个不同的小球放入三个盒子，要求每个盒子至少放一个球，问共有多少种不同的放法？",
    "小明家有鸡和兔共35只，脚共94只，问鸡和兔各有多少只？", "唐代诗人李商隐在哪一年中进士？",
    "某企业采用年限平均法计提设备折旧，原值六十万元，预计净残值三万元，使用年限十年，每年应计提的折旧额为多少万元？",
    "妈妈把洗好的苹果递给小红，她说谢谢。请问句中的她指的是谁？", "纪录片《舌尖上的中国》的总导演是谁？",
)  # fmt: skip
THEOREMS = (
    "Fermat's little theorem says that if p is a prime and a is not divisible by p then a^{p-1} is congruent to 1 modulo p.",
    "By the mean value theorem, if f is continuous on the closed interval [a,b] and differentiable on the open interval "
    "(a,b), then there exists a point c in (a,b) such that f'(c) equals the average rate of change.",
    "The Pythagorean theorem says that in a right triangle the square of the hypotenuse is equal to the sum of the squares "
    "of the two legs.",
    "Vieta's formulas say that the sum of the reciprocals of the zeros equals the quotient of two coefficients.",
    "The Cauchy-Schwarz inequality says that the square of the sum of products is at most the product of the sums of squares.",
    "Power of a point: if two lines through P meet a circle in A, B and C, D then PA times PB equals PC times PD.",
    "The pigeonhole principle says that if n+1 objects are put into n boxes then some box holds at least two of them.",
    "Every integer greater than 1 can be written as a product of primes in exactly one way up to order.",
    "费马小定理：如果p是质数，a不能被p整除，那么a的p-1次方除以p余1。", "勾股定理：在直角三角形中，两条直角边的平方和等于斜边的平方。",
    "韦达定理：一元二次方程两根之和等于一次项系数的相反数除以二次项系数。",
)  # fmt: skip
NAMES = "Ada Boris Chloe Dmitri Elif Farid Greta Hugo Ines Jakub Keiko Lars Mina Noor Otto Priya".split()
THINGS = "marbles pencils oranges stamps cookies shells tickets books ribbons lemons coins buttons".split()
PLACES = "school market library harbour stadium museum bakery garden station theatre".split()
TEMPLATES = (
    "{name} has {a} {thing} and buys {b} more. How many {thing} does {name} have?",
    "{name} sells {a} {thing} on Saturday and half as many on Sunday at the {place}. How many {thing} does {name} sell?",
    "What is {a} + {b}?", "What is {a} times {b}?", "What is the remainder when {a} is divided by {b}?",
    "Find the number of positive integers less than {a} that are divisible by {b}.",
    "Find the number of ordered pairs of positive integers whose sum is {a} and whose greatest common divisor is {b}.",
    "How many ways are there to arrange {a} {thing} in a row at the {place}?",
    "Which of the following {thing} can be found at the {place}? Choose the best answer.",
    "The {place} charges {a} dollars for a visit and {b} dollars for {thing}. How much does {name} pay?",
    "Find the number of ordered triples $(x,y,z)$ of positive integers with $x+y+z = {a}$ and $x \\le {b}$.",
    "Simplify $\\sqrt{{{a}}} + \\sqrt{{{b}}}$.",
    "Compute the expected number of {thing} that {name} draws until {b} of the {a} are seen.",
    "小明有{a}个苹果，又买了{b}个，现在一共有多少个苹果？", "甲每小时行{a}千米，乙每小时行{b}千米，几小时后两人相遇？",
    "已知函数f(x)={a}x²+{b}x+1，求f(x)的最小值。", "果园里有桃树{a}棵，梨树比桃树的两倍还多{b}棵，果园一共有多少棵树？",
)  # fmt: skip
STEPS = (
    "Let me think about this step by step.", "First we need to find the value of x such that the equation holds.",
    "So the sum of the first n terms is equal to n(n+1)/2.", "Wait, let me check this again with small numbers.",
    "We know that the number of ways to choose k objects from n is a binomial coefficient.",
    "Since both sides are positive we may square the inequality.", "Therefore the answer must be even.",
    "Now substitute this into the second equation and solve for y.", "Hmm, that does not look right.",
    "The remainder when this is divided by 7 is 3.", "By symmetry the other case gives the same number.",
    "Each of the remaining {thing} weighs {a} grams.", "At the {place} {name} counts {b} {thing} again.",
    "The derivative vanishes at x = {a}, which is a minimum.", "A loop over the list takes about {b} operations.",
    "Alternatively, consider the triangle formed by the {place}, the river and the tower.",
)  # fmt: skip
STEPS_ZH = (
    "我们先设未知数x，再列出方程求解。", "根据题意，两边同时除以{b}，得到x等于{a}。", "等一下，让我重新检查一下这一步。",
    "由对称性可知另一种情况的结果相同。", "因此答案应当是一个正整数。", "把{a}代入原方程检验，等式成立。",
    "接下来分类讨论：当参数大于零时函数单调递增。", "这里需要注意取值范围的端点。",
)  # fmt: skip


def items() -> list[dict[str, str]]:
    """The items written by hand."""
    return [json.loads(line) for line in (CASES / "items.jsonl").read_text(encoding="utf-8").splitlines()]


def fill(template: str, rng: random.Random) -> str:
    """A template with names and numbers."""
    values = {"name": rng.choice(NAMES), "thing": rng.choice(THINGS), "place": rng.choice(PLACES)}
    return template.format(**values, a=rng.randint(31, 990), b=rng.randint(3, 29))


def reasoning(rng: random.Random, sentences: int, *, chinese: bool = False) -> str:
    """Sentences as a thought has them."""
    chosen = (fill(rng.choice(STEPS_ZH if chinese else STEPS), rng) for _ in range(sentences))
    return ("" if chinese else " ").join(chosen)


def words(text: str) -> int:
    """About how many words a text has; two Chinese characters are one."""
    return len(re.findall(r"[A-Za-zÀ-ÿ']+", text)) + len(HAN.findall(text)) // 2


def planted() -> Iterator[dict[str, str]]:
    """Texts that hold an item: `kind`, `text`, `item`, `part`."""
    rng = random.Random(5)
    for item in items():
        name, text, chinese = item["id"], item["text"], name_is_chinese(item["id"])
        if name in ("mc-2",):  # its question alone is what any question says
            text = f"{text}\n{item['choices']}"
        tag = "chinese" if chinese else "verbatim"
        yield case(tag, name, "prompt", text)
        yield case(tag, name, "prompt", f"Solve this problem.\n\n{text.upper()}\n\nPut the answer in \\boxed{{}}."
                   if words(text) > 4 else text)  # fmt: skip
        if words(text) < 4:
            continue
        before, after = (reasoning(rng, rng.randint(20, 150), chinese=chinese) for _ in range(2))
        yield case("chinese" if chinese else "embedded", name, "reasoning", f"{before}\n{text}\n{after}")
        if words(text) >= 20 and len(NUMBER.findall(text)) >= 2:
            other = NUMBER.sub(lambda found: str(int(found[0]) + rng.randint(1, 60)), text)
            yield case("chinese" if chinese else "renumbered", name, "prompt", other)
        if words(item["text"]) >= 20:
            yield from edited(item, rng, chinese)
        if name in REWORDED:
            yield case("chinese" if chinese else "reworded", name, "prompt", REWORDED[name])
            yield case("chinese" if chinese else "reworded", name, "reasoning", f"{before} {REWORDED[name]} {after}")
        if words(item["solution"]) >= 20:
            yield case("solution", name, "answer", item["solution"])
            yield case("solution", name, "reasoning", f"{before}\n{item['solution']}\n{after}")


def edited(item: dict[str, str], rng: random.Random, chinese: bool) -> Iterator[dict[str, str]]:
    """Every tenth word replaced (every twelfth character), a clause dropped, sentences swapped."""
    text, kind = item["text"], "chinese" if chinese else "reworded"
    if chinese:
        letters = [
            rng.choice("林月桥东清") if at % 12 == 7 and HAN.match(letter) else letter for at, letter in enumerate(text)
        ]
        yield case(kind, item["id"], "prompt", "".join(letters))
    else:
        split = text.split()
        changed = [
            SYNONYMS.get(w.lower(), f"re{w}") if at % 10 == 6 and w.isalpha() else w for at, w in enumerate(split)
        ]
        yield case(kind, item["id"], "prompt", " ".join(changed))
    clauses = re.split(r"(?<=[,;，；])", text)
    if len(clauses) > 2:
        drop = min(range(1, len(clauses) - 1), key=lambda at: len(clauses[at]))
        yield case(kind, item["id"], "prompt", "".join(clauses[:drop] + clauses[drop + 1 :]))
    sentences = re.split(r"(?<=[.?。？])\s*(?=[A-Z一-鿿])", text)
    if len(sentences) > 1:
        yield case(kind, item["id"], "prompt", " ".join(sentences[1:] + sentences[:1]))


def lookalikes() -> Iterator[dict[str, str]]:
    """Texts that hold no item."""
    rng = random.Random(6)
    for sibling in SIBLINGS:
        chinese = bool(HAN.search(sibling))
        around = [reasoning(rng, rng.randint(15, 120), chinese=chinese) for _ in range(2)]
        yield case("sibling", "", "prompt", sibling)
        yield case("sibling", "", "reasoning", f"{around[0]}\n{sibling}\n{around[1]}")
    for theorem in THEOREMS:
        for _ in range(6):
            chinese = bool(HAN.search(theorem))
            around = [reasoning(rng, rng.randint(5, 60), chinese=chinese) for _ in range(2)]
            yield case("theorem", "", "reasoning", f"{around[0]}\n{theorem} {around[1]}")
    for template in TEMPLATES:
        for _ in range(20):
            yield case("template", "", "prompt", fill(template, rng))
    for number in range(120):
        chinese = number % 3 == 0
        yield case("thought", "", "reasoning", reasoning(rng, rng.randint(30, 300), chinese=chinese))


def name_is_chinese(name: str) -> bool:
    """Whether an item is in Chinese."""
    return name.startswith("zh")


def case(kind: str, item: str, part: str, text: str) -> dict[str, str]:
    """One labelled text; without an item it holds none."""
    return {"kind": kind, "item": item, "part": part, "text": text}


def main() -> None:
    """Write both files."""
    for name, cases in (("planted", planted()), ("lookalikes", lookalikes())):
        lines = [json.dumps(one, ensure_ascii=False) for one in cases]
        (CASES / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(name, len(lines))


if __name__ == "__main__":
    main()
