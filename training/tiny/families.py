"""The project's own task families, each in English and in Chinese."""

from collections.abc import Callable
from random import Random

from training.tiny import columns
from training.tiny.stories import story
from training.tiny.tasks import Language, Line, Paragraph, Pen, Solution, Task, pick


def _number(rng: Random) -> int:
    """One to three digits, two most often."""
    width = rng.choice((1, 2, 2, 2, 3, 3))
    return rng.randint(10 ** (width - 1), 10**width - 1)


def addition(rng: Random, language: Language) -> Task:
    terms = [_number(rng) for _ in range(rng.choice([2, 2, 2, 3]))]
    total = " + ".join(map(str, terms))
    question = pick(
        rng,
        language,
        (f"What is {total}?", f"Compute {total}.", f"Find the sum: {total}"),
        (f"计算 {total}。", f"{total} 等于多少？", f"求和：{total}"),
    )

    def solve(pen: Pen) -> Solution:
        running, paragraphs = terms[0], []
        for term in terms[1:]:
            worked = columns.add(running, term, pen)
            paragraphs.append(worked.lines)
            running = worked.result
        return Solution(Line(f"I need to add {total}.", f"我需要计算 {total}。"), tuple(paragraphs), str(running))

    return Task("addition", language, question, str(sum(terms)), total, solve)


def subtraction(rng: Random, language: Language) -> Task:
    b, a = sorted((_number(rng), _number(rng)))
    question = pick(
        rng,
        language,
        (f"What is {a} - {b}?", f"Compute {a} - {b}.", f"Subtract {b} from {a}."),
        (f"计算 {a} - {b}。", f"{a} - {b} 等于多少？", f"{a} 减去 {b} 是多少？"),
    )

    def solve(pen: Pen) -> Solution:
        worked = columns.subtract(a, b, pen)
        opening = Line(f"I need to subtract {b} from {a}.", f"我需要从 {a} 里减去 {b}。")
        return Solution(opening, (worked.lines,), str(worked.result))

    return Task("subtraction", language, question, str(a - b), f"{a} - {b}", solve)


def multiplication(rng: Random, language: Language) -> Task:
    a, digit = _number(rng), rng.randint(2, 9)
    question = pick(
        rng,
        language,
        (f"What is {a} × {digit}?", f"Compute {a} * {digit}.", f"Multiply {a} by {digit}."),
        (f"计算 {a} × {digit}。", f"{a} 乘以 {digit} 等于多少？", f"{a} 的 {digit} 倍是多少？"),
    )

    def solve(pen: Pen) -> Solution:
        worked = columns.multiply(a, digit, pen)
        opening = Line(f"I need to multiply {a} by {digit}.", f"我需要用 {a} 乘以 {digit}。")
        return Solution(opening, (worked.lines,), str(worked.result))

    return Task("multiplication", language, question, str(a * digit), f"{a} * {digit}", solve)


def equation(rng: Random, language: Language) -> Task:
    a, x, b = rng.randint(2, 9), rng.randint(2, 12), rng.randint(1, 60)
    c, name = a * x + b, rng.choice("xyn")
    left = f"{a}{name} + {b} = {c}"
    question = pick(
        rng,
        language,
        (f"Solve for {name}: {left}", f"What is {name} if {left}?", f"Find {name} such that {left}."),
        (f"解方程：{left}", f"已知 {left}，求 {name} 的值。", f"如果 {left}，那么 {name} 是多少？"),
    )

    def solve(pen: Pen) -> Solution:
        moved = columns.subtract(c, b, pen)
        root = pen.note(round(moved.result / a))
        opening = Line(f"I need to find {name}. First I subtract {b}.", f"我需要求 {name}。先两边减去 {b}。")
        divide = (
            Line(f"Now {a}{name} = {moved.result}.", f"现在 {a}{name} = {moved.result}。"),
            Line(f"Since {a} × {root} = {moved.result}, {name} = {root}.",
                 f"因为 {a} × {root} = {moved.result}，所以 {name} = {root}。"),
        )  # fmt: skip
        return Solution(opening, (moved.lines, divide), str(root))

    return Task("equation", language, question, str(x), f"({c} - {b}) // {a}", solve)


def extremum(rng: Random, language: Language) -> Task:
    numbers = rng.sample(range(1, 1000) if rng.random() < 0.3 else range(1, 100), rng.randint(3, 5))
    largest = rng.random() < 0.5
    listed, en, zh = ", ".join(map(str, numbers)), ("smallest", "largest")[largest], ("最小", "最大")[largest]
    question = pick(
        rng,
        language,
        (f"Which number is the {en}: {listed}?", f"Find the {en} number in this list: {listed}"),
        (f"下面哪个数{zh}：{listed}？", f"找出{zh}的数：{listed}"),
    )
    better = max if largest else min

    def solve(pen: Pen) -> Solution:
        held, lines = numbers[0], []
        for number in numbers[1:]:
            kept = better(held, number)
            if pen.slips():
                kept = held if kept == number else number
            en_line, zh_line = f"Compare {held} and {number}: I keep {kept}.", f"比较 {held} 和 {number}：保留 {kept}。"
            lines.append(Line(en_line, zh_line))
            held = kept
        opening = Line(f"I need the {en} of {listed}.", f"我需要找出 {listed} 里{zh}的数。")
        return Solution(opening, (tuple(lines),), str(held))

    name = "max" if largest else "min"
    return Task("extremum", language, question, str(better(numbers)), f"{name}({listed})", solve)


def remainder(rng: Random, language: Language) -> Task:
    divisor, quotient = rng.randint(3, 9), rng.randint(2, 12)
    left = rng.randint(0, divisor - 1)
    number = divisor * quotient + left
    question = pick(
        rng,
        language,
        (f"What is the remainder when {number} is divided by {divisor}?", f"Find {number} mod {divisor}."),
        (f"{number} 除以 {divisor} 的余数是多少？", f"求 {number} 除以 {divisor} 的余数。"),
    )

    def solve(pen: Pen) -> Solution:
        times = max(1, quotient + (pen.rng.choice([-1, 1]) if pen.slips() else 0))
        product = pen.note(divisor * times)
        next_up = f"{divisor} × {times + 1} = {divisor * (times + 1)}"
        found = pen.note(abs(number - product))
        lines: Paragraph = (
            Line(f"I know that {divisor} × {times} = {product}.", f"我知道 {divisor} × {times} = {product}。"),
            Line(f"And {next_up} is too large.", f"而 {next_up} 太大了。"),
            Line(f"What is left is {number} - {product} = {found}.", f"剩下 {number} - {product} = {found}。"),
        )
        opening = Line(f"I need to divide {number} by {divisor}.", f"我需要用 {number} 除以 {divisor}。")
        return Solution(opening, (lines,), str(found))

    return Task("remainder", language, question, str(left), f"{number} % {divisor}", solve)


FAMILIES: dict[str, Callable[[Random, Language], Task]] = {
    "addition": addition,
    "subtraction": subtraction,
    "multiplication": multiplication,
    "equation": equation,
    "extremum": extremum,
    "remainder": remainder,
    "story": story,
}
