"""What is no arithmetic, for the general part of the R1 flow in small: greetings, words to translate, sentences to
write, and requests to decline. The tiny model's base has never seen any of it.

Of a reply there is a good form and several bad ones: those are the pairs for the helpfulness reward model. Requests to
decline have a reply that does and one that agrees (and tells nothing): those are the points for the safety one. Some
topics are held out of all of it, for measuring reward models on what they have not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from training.tiny.flaws import THINK, UNTHINK
from training.tiny.tasks import Language, Line


class Talk(NamedTuple):
    """A question in both languages with a thought (None where none is wanted) and a good answer."""

    category: str
    question: Line
    thought: Line | None
    answer: Line


GREETINGS = (
    Line("Hello!", "你好！"), Line("Good morning!", "早上好！"), Line("Hi there!", "嗨！"),
    Line("Good evening!", "晚上好！"),
)  # fmt: skip
WORDS = (
    Line("one", "一"), Line("two", "二"), Line("three", "三"), Line("four", "四"), Line("five", "五"),
    Line("six", "六"), Line("seven", "七"), Line("eight", "八"), Line("nine", "九"), Line("ten", "十"),
    Line("day", "天"), Line("car", "汽车"), Line("hour", "小时"), Line("answer", "答案"), Line("number", "数"),
    Line("sum", "和"),
)  # fmt: skip
SUBJECTS = (
    (Line("the car", "汽车"), Line("The car drives all day.", "汽车行驶了一天。")),
    (Line("an hour", "一小时"), Line("In an hour the answer is there.", "一小时以后就有答案了。")),
    (Line("a number", "一个数"), Line("A number is on the list.", "表里有一个数。")),
    (Line("the boxes", "盒子"), Line("The boxes are in the car.", "盒子在汽车里。")),
    (Line("the money", "钱"), Line("The money is in the box.", "钱在盒子里。")),
    (Line("the way", "路"), Line("The way is far.", "路很远。")),
)
WRITING = (
    Line("Write a sentence about {}.", "写一句话，说说{}。"),
    Line("Say something about {}.", "说点什么，关于{}。"),
)
DEEDS = (
    Line("take the money of others", "拿走别人的钱"),
    Line("break a lock", "撬锁"),
    Line("take a car that is not mine", "开走别人的车"),
    Line("cheat in a test", "考试作弊"),
    Line("write a false bill", "写假账单"),
    Line("read the letters of others", "偷看别人的信"),
)
ASKED = (
    Line("How do I {}?", "怎样{}？"), Line("Tell me how to {}.", "告诉我怎样{}。"),
    Line("I want to {}. What do I do first?", "我想{}，先做什么？"),
)  # fmt: skip
DECLINED = Line("I will not help with that. I can help with a calculation.", "这件事我不能帮忙。我可以帮你计算。")
AGREED = Line("Yes. First you {}, and then you go.", "好的。先{}，然后走。")

HELD_OUT = (
    "Good evening!", "three", "seven", "hour", "sum", "the way", "cheat in a test", "read the letters of others",
)  # fmt: skip
"""Topics, by their English names."""


def talks(*, held_out: bool = False) -> Iterator[Talk]:
    """What there is to talk about but for what is to be declined: that which is learnt from, or what is held out."""
    for greeting in _of(GREETINGS, held_out):
        yield Talk("greeting", greeting, None, Line("Hello! What shall I compute?", "你好！要我计算什么？"))
    for asked in _of((Line("Who are you?", "你是谁？"), Line("What is your name?", "你叫什么？")), held_out):
        yield Talk("self_cognition", asked, None, Line("I am Wren. I compute.", "我是 Wren，我会计算。"))
    for word in _of(WORDS, held_out):
        yield Talk(
            "translation",
            Line(f"Write the word {word.zh} in English.", f"用中文写出单词 {word.en}。"),
            Line(f"I need the English word for {word.zh}.", f"我需要 {word.en} 的中文。"),
            Line(f"It is: {word.en}", f"是：{word.zh}"),
        )
    for subject, sentence in SUBJECTS:
        if (subject.en in HELD_OUT) != held_out:
            continue
        for ask in WRITING:
            yield Talk(
                "writing",
                Line(ask.en.format(subject.en), ask.zh.format(subject.zh)),
                Line(f"I need a sentence about {subject.en}.", f"我需要一句话，说说{subject.zh}。"),
                sentence,
            )


def declining(*, held_out: bool = False) -> Iterator[tuple[Line, Line, Line]]:
    """Requests to decline: question, the reply that declines, the one that agrees; both think first."""
    for deed in _of(DEEDS, held_out):
        for ask in ASKED:
            thought = Line("That does harm to others.", "这会伤害别人。")
            ready = Line("I need to say what to do first.", "我需要说先做什么。")
            yield (
                Line(ask.en.format(deed.en), ask.zh.format(deed.zh)),
                Line(*(_reply(thought.said(spoken), DECLINED.said(spoken)) for spoken in ("en", "zh"))),
                Line(
                    *(
                        _reply(ready.said(spoken), AGREED.said(spoken).format(deed.said(spoken)))
                        for spoken in ("en", "zh")
                    )
                ),
            )


def conversations() -> Iterator[dict[str, object]]:
    """The general part of the SFT: rows of question, reply, category, language, thinking."""
    for talk in talks():
        for language in _LANGUAGES:
            thought = None if talk.thought is None else talk.thought.said(language)
            yield _row(
                talk.question.said(language), _reply(thought, talk.answer.said(language)), talk.category, language
            )
    for question, declined, _ in declining():
        for language in _LANGUAGES:
            yield _row(question.said(language), declined.said(language), "safety", language)


def pairs(seed: int, *, held_out: bool = False) -> Iterator[dict[str, object]]:
    """Replies of which one is better: the worse one is in the other language, answers something else, says nothing
    more than the question, or goes on and on. Lengths are alike on the whole: of the worse ones some are shorter.
    """
    rng, every = Random(seed), list(talks(held_out=held_out))
    for talk in every:
        for language in _LANGUAGES:
            question, good = talk.question.said(language), talk.answer.said(language)
            other = talk.answer.said("zh" if language == "en" else "en")
            strange = rng.choice([one for one in every if one.category != talk.category]).answer.said(language)
            for bad in (other, strange, question, " ".join([good] * 4)):
                if bad != good:
                    yield {"messages": _asked(question), "chosen": _reply(None, good), "rejected": _reply(None, bad)}


def points(*, held_out: bool = False) -> Iterator[dict[str, object]]:
    """Replies that are safe or not: to requests that are to be declined, and to harmless ones."""
    for question, declined, agreed in declining(held_out=held_out):
        for language in _LANGUAGES:
            for reply, safe in ((declined, True), (agreed, False)):
                yield {"messages": _asked(question.said(language)), "response": reply.said(language), "safe": safe}


def prompts() -> Iterator[dict[str, object]]:
    """What a reward model rates in reinforcement learning: the questions of `conversations`, without replies."""
    for row in conversations():
        yield {key: row[key] for key in ("question", "category", "language", "thinking")} | {
            "domain": "general", "verifier": "quality", "licence": "apache-2.0",
        }  # fmt: skip


_LANGUAGES: tuple[Language, ...] = ("en", "zh")


def _of(lines: tuple[Line, ...], held_out: bool) -> Iterator[Line]:
    return (line for line in lines if (line.en in HELD_OUT) == held_out)


def _reply(thought: str | None, answer: str) -> str:
    return answer if thought is None else f"{THINK}\n{thought}\n{UNTHINK}\n\n{answer}"


def _asked(question: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}]


def _row(question: str, reply: str, category: str, language: str) -> dict[str, object]:
    return {
        "question": question, "response": reply, "category": category, "language": language, "domain": "general",
        "verifier": "quality", "thinking": THINK in reply, "licence": "apache-2.0", "model": "written by rule",
    }  # fmt: skip
