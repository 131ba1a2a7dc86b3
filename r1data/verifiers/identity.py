"""Identity: does an answer say who the assistant is, where it was asked, and nobody else?

The task holds `identity`: name, maker, and other spellings of either (`also`). What is checked is what can be: an
answer that presents itself as another assistant is wrong, and so is one that does not name what was asked for. Whether
it is a good answer besides is the judge's to say.
"""

from __future__ import annotations

import re
from typing import Any

from r1data.verifiers.check import BadTask, Check, Finding, read_task
from schemas import Outcome

VERSION = 1
OTHERS = {
    "ChatGPT": r"chat ?gpt|gpt-?[345]\w*",
    "OpenAI": r"open ?ai",
    "Claude": r"claude",
    "Anthropic": r"anthropic",
    "Gemini": r"gemini",
    "Google": r"google(?: deepmind)?|谷歌",
    "Bard": r"bard",
    "Llama": r"llama ?\d?",
    "Meta": r"meta(?: ai)?",
    "Mistral": r"mistral",
    "Qwen": r"qwen\d*|通义千问|千问",
    "Alibaba": r"alibaba(?: cloud)?|阿里(?:巴巴|云)?",
    "DeepSeek": r"deep ?seek\w*|深度求索",
    "Kimi": r"kimi",
    "Moonshot": r"moonshot(?: ai)?|月之暗面",
    "ERNIE": r"ernie|文心一言",
    "Baidu": r"baidu|百度",
    "GLM": r"chat ?glm\w*|glm-?\d*|智谱\w*",
    "Doubao": r"doubao|豆包",
    "ByteDance": r"bytedance|字节跳动",
    "Hunyuan": r"hunyuan|混元",
    "Tencent": r"tencent|腾讯",
    "Copilot": r"copilot",
    "Microsoft": r"microsoft|微软",
    "Siri": r"siri",
    "Alexa": r"alexa",
    "SmolLM": r"smol ?lm\d*",
    "Hugging Face": r"hugging ?face",
    "Phi": r"phi-\d\w*",
    "Grok": r"grok",
    "xAI": r"xai",
}
"""Assistants and makers that models have learned to call themselves, and how they are spelt."""
SELF = (
    r"\b(?:(?:i am|i'm|my name is|call me|this is|(?:i was |and |, )?(?:made|built|created|trained|developed|designed)"
    r"(?: and \w+)? by|my (?:maker|creator|developers?) (?:is|are))(?: [\w'-]+){{0,8}}?|as(?: an?)?(?: [\w-]+)?)"
    r" (?:{names})(?!\w)(?! \w*(?:user|customer|fan))"
    r"|(?:我是|我叫|我的名字(?:是|叫)|叫做|由)[^。！？\n]{{0,16}}?(?:{names})"
    r"|(?:{names})[^。！？\n]{{0,6}}(?:开发|训练|研发|推出|创造|打造)"
)
"""A claim to be, or to be made by, one of these names."""
MARKUP = re.compile(r"[*_`\"“”「」]")
NOT = re.compile(
    r"\b(?:not|n't|neither|nor|unlike|rather than|no connection)\b|不是|并非|没有|而非|不叫|不由", re.IGNORECASE
)
ASKS_NAME = re.compile(
    r"\bwho (?:are|am i talking|is this)\b|\byour name\b|\bwhat (?:are you called|should i call you"
    r"|do (?:people|they|i) call you)\b|\bintroduce yourself\b"
    r"|\bwhich (?:ai |language )?(?:model|assistant|ai) are you\b|你(?:到底|究竟)?是(?:谁|哪)|你叫什么"
    r"|你的名字|怎么称呼你|介绍.{0,6}你自己|自我介绍",
    re.IGNORECASE,
)
ASKS_MAKER = re.compile(
    r"\bwho (?:\w+ )?(?:made|built|created|trained|developed|designed|programmed|owns|wrote) you\b"
    r"|\byour (?:maker|creator|developer|company)s?\b"
    r"|\b(?:which|what) (?:company|team|lab|organi[sz]ation)\b.*\byou\b|\bwhere do you come from\b"
    r"|谁(?:开发|训练|创造|制造|设计|研发|做)(?:出来|出)?了?的?你|你(?:是|由)?(?:谁|哪|什么).{0,8}(?:开发"
    r"|训练|创造|制造|设计|研发|做)|你的(?:开发者|创造者|制造者|公司|主人)",
    re.IGNORECASE,
)


def verify(check: Check) -> Finding:
    """`incorrect` where the answer claims to be somebody else, or does not name what the question asks for.

    Raises:
        BadTask: the task has no identity that can be read.
    """
    name, maker, spellings = _identity(read_task(check.task))
    answer, question = check.answer, check.question or ""
    if answer is None or not answer.strip():
        return Finding(Outcome.NO_ANSWER, detail="nothing stands behind the thought")
    if (other := claims_to_be(answer, (name, maker, *spellings))) is not None:
        return Finding(Outcome.INCORRECT, other, f"it presents itself as {other!r}")
    wanted = [(what, whom) for asks, what, whom in ((ASKS_NAME, "name", name), (ASKS_MAKER, "maker", maker))
              if asks.search(question)]  # fmt: skip
    for what, whom in wanted:
        if not any(_names(answer, spelling) for spelling in (whom, *spellings)):
            return Finding(Outcome.INCORRECT, None, f"it was asked for its {what} and does not say {whom!r}")
    return Finding(Outcome.CORRECT, name if wanted else None, "it claims to be nobody else")


def claims_to_be(answer: str, own: tuple[str, ...]) -> str | None:
    """Another assistant or maker that an answer presents itself as or as made by; None where it does not.

    `own` are names that it may have. A sentence that denies it is no claim.
    """
    for sentence in re.split(r"(?<=[.!?。！？\n])", MARKUP.sub("", answer)):
        if NOT.search(sentence):
            continue
        for other, spelt in OTHERS.items():
            if any(re.search(rf"(?<!\w)(?:{spelt})(?!\w)", one, re.IGNORECASE) for one in own):
                continue
            if re.search(SELF.format(names=spelt), sentence, re.IGNORECASE):
                return other
    return None


def _names(answer: str, name: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(name)}(?![A-Za-z0-9])", answer, re.IGNORECASE) is not None or (
        not name.isascii() and name in answer
    )


def _identity(task: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    given = task.get("identity")
    if not isinstance(given, dict):
        raise BadTask("`identity` should be an object with name and maker")
    name, maker, also = given.get("name"), given.get("maker"), given.get("also", [])
    texts = (name, maker, *(also if isinstance(also, list | tuple) else (None,)))
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise BadTask("`identity` should have name, maker and also as texts")
    return str(name), str(maker), tuple(map(str, also))
