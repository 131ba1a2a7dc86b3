"""Short word problems of one or two steps."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from training.tiny import columns
from training.tiny.tasks import Language, Line, Pen, Solution, Task

NAMES = (Line("Anna", "小明"), Line("Ben", "小红"), Line("Mia", "小华"), Line("Tom", "小丽"))
THINGS = (Line("apples", "个苹果"), Line("books", "本书"), Line("pens", "支笔"), Line("eggs", "个鸡蛋"))


class Plot(NamedTuple):
    """A story before it is told in one language: the text in both, the truth, and how to work it out."""

    text: Line
    opening: Line
    code: str
    answer: int
    work: Callable[[Pen], tuple[columns.Worked, ...]]


def _gain(rng: Random) -> Plot:
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    a, b = rng.randint(12, 480), rng.randint(12, 480)
    return Plot(
        Line(
            f"{name.en} has {a} {thing.en} and gets {b} more. How many {thing.en} does {name.en} have now?",
            f"{name.zh}有 {a} {thing.zh}，又得到 {b} {thing.zh}。{name.zh}现在一共有多少{thing.zh}？",
        ),
        Line(f"More come in, so I add {a} and {b}.", f"数量变多了，所以我把 {a} 和 {b} 相加。"),
        f"{a} + {b}",
        a + b,
        lambda pen: (columns.add(a, b, pen),),
    )


def _loss(rng: Random) -> Plot:
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    b, a = sorted(rng.sample(range(12, 480), 2))
    return Plot(
        Line(
            f"{name.en} has {a} {thing.en} and gives away {b}. How many {thing.en} are left?",
            f"{name.zh}有 {a} {thing.zh}，送出 {b} {thing.zh}。还剩多少{thing.zh}？",
        ),
        Line(f"Some go away, so I subtract {b} from {a}.", f"数量变少了，所以我从 {a} 里减去 {b}。"),
        f"{a} - {b}",
        a - b,
        lambda pen: (columns.subtract(a, b, pen),),
    )


def _boxes(rng: Random) -> Plot:
    thing = rng.choice(THINGS)
    a, b = rng.randint(12, 99), rng.randint(2, 9)
    return Plot(
        Line(
            f"There are {b} boxes with {a} {thing.en} in each box. How many {thing.en} are there in all?",
            f"有 {b} 个盒子，每个盒子里有 {a} {thing.zh}。一共有多少{thing.zh}？",
        ),
        Line(f"Each of {b} boxes holds {a}, so I multiply.", f"{b} 个盒子，每个有 {a}，所以用乘法。"),
        f"{a} * {b}",
        a * b,
        lambda pen: (columns.multiply(a, b, pen),),
    )


def _change(rng: Random) -> Plot:
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    count = rng.randint(2, 9)
    price = rng.randint(3, 99 // count)

    def work(pen: Pen) -> tuple[columns.Worked, ...]:
        cost = columns.multiply(price, count, pen)
        return cost, columns.subtract(100, min(cost.result, 100), pen)

    return Plot(
        Line(
            f"{name.en} buys {count} {thing.en} at {price} yuan each and pays with 100 yuan. How much change is due?",
            f"{name.zh}买了 {count} {thing.zh}，每{thing.zh[0]} {price} 元，付了 100 元。应该找回多少元？",
        ),
        Line("First I need the cost, then the change.", "先算总价，再算找回的钱。"),
        f"100 - {price} * {count}",
        100 - price * count,
        work,
    )


def _trip(rng: Random) -> Plot:
    a, b = rng.randint(40, 480), rng.randint(40, 480)
    unit = rng.choice((Line("day", "天"), Line("hour", "小时")))
    return Plot(
        Line(
            f"A car drives {a} km in the first {unit.en} and {b} km in the second {unit.en}. How far does it drive?",
            f"一辆车第一{unit.zh}行驶 {a} 千米，第二{unit.zh}行驶 {b} 千米。一共行驶多少千米？",
        ),
        Line(f"The whole way is the sum of {a} and {b}.", f"全程是 {a} 与 {b} 的和。"),
        f"{a} + {b}",
        a + b,
        lambda pen: (columns.add(a, b, pen),),
    )


PLOTS = (_gain, _loss, _boxes, _change, _trip)


def story(rng: Random, language: Language) -> Task:
    plot = rng.choice(PLOTS)(rng)

    def solve(pen: Pen) -> Solution:
        worked = plot.work(pen)
        return Solution(plot.opening, tuple(part.lines for part in worked), str(worked[-1].result))

    return Task("story", language, plot.text.said(language), str(plot.answer), plot.code, solve)
