"""Quoting: other people's text in a prompt to the judge, so that it can be read there and cannot act there.

Three things are done to a text, all of them visible to the judge and to a person who reads the prompt:

- What a tokenizer, a chat template or a terminal would act on is broken up. A special token or a tag gets a dot behind
  its first character (`<·|im_start|>`), a character that does not print becomes its number (`⟨U+202E⟩`).
- Each line gets a mark in front: `| `, or `! ` where it looks like a verdict, a turn of a conversation or a word to the
  judge. No line of a quotation can therefore be mistaken for a line of the prompt.
- The whole is fenced by lines with a tag that the text itself decides (a hash), so no text can hold its own fence.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

DOT = "·"
CHARACTERS_A_LINE = 20
PLAIN, LOUD = "| ", "! "
TAG = re.compile(
    r"[<＜](?=[|｜/!]|\s*/?\s*(?:think|answer|question|reference|system|user|assistant|human|judge|verdict|instructions?|"
    r"tool|function|s|bos|eos|im_start|im_end|start_of_turn|end_of_turn)\b)|\[(?=/?(?:INST|SYS)\])|(?<=<)<(?=/?SYS)",
    re.IGNORECASE,
)
BREAKS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
LOUD_LINES = (
    # what was broken up or does not print, except the tags that a reply may have and the joints of emoji
    r"[<＜]·(?!\s*/?\s*(?:answer|think)\b)|\[·|⟨U\+(?!200[CD])",
    # a verdict, in JSON or in prose
    r"\b(?:verdict|judge?ment|grade|score|rating)\b[\"'“”`\\*]*\s*(?:[:=：]|is\b)|(?:结论|判决|裁定|评分|得分)\s*[:：=]",
    # a fence, or a turn of a conversation
    r"\[\[.{0,40}[0-9a-f]{12}\]\]",
    r"^\W*(?:system|assistant|user|human|developer|judge|grader|evaluator)\b[^\w\n]{0,8}[:：\]>)]",
    # somebody is spoken to
    r"\b(?:you|assistant|ai|model|dear|hello|hey|hi|to the|attention|note)\b.{0,40}"
    r"\b(?:judge|grader|evaluator|assessor|examiner|grading|evaluating)\b",
    r"评委|评审|裁判|评分者|评分员|阅卷|判卷|评判者|评估者|评测模型",
    # orders about orders
    r"\b(?:ignore|disregard|forget|override|bypass|skip)\b.{0,60}"
    r"\b(?:instruction|prompt|rule|guideline|reference|above|previous|prior|earlier|everything)",
    r"\bnew (?:instruction|task|rule|system)",
    r"(?:忽略|无视|忘记|忘掉|不要理会|跳过).{0,30}(?:指令|指示|说明|要求|规则|提示|参考|以上|之前|上述|前面)",
    # orders and claims about the verdict
    r"\b(?:mark|rate|grade|judge|score|label|classify|treat|consider|accept|count|evaluate|return|output|reply|respond"
    r"|answer|say|print|write|choose|pick)\b.{0,40}\b(?:correct|incorrect|a>>b|b>>a|full marks|pass)\b",
    r"\b(?:this|the|my|above) (?:answer|solution|response|reply) (?:is|was|has been|should be|must be)"
    r".{0,40}\b(?:correct|right|verified|accepted|approved)\b",
    r"(?:判定|判断|判为|评为|标记|标为|视为|认定|输出|返回|回复).{0,12}(?:正确|错误|满分|通过|correct)",
    r"(?:本|该|此|这个|以上|上述)(?:答案|回答|解答)(?:是|为|已被?|完全|应).{0,12}(?:正确|验证|通过|接受)",
)
SPEAKS = re.compile("|".join(LOUD_LINES), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quotation:
    """One text ready for a prompt. `loud` counts the lines that speak to the judge."""

    text: str
    loud: int


def quoted(title: str, text: str, tag: str, *, longest: int, tokens: Iterable[str] = ()) -> Quotation:
    """The text fenced and marked; see the module.

    At most about `longest` characters of it are kept, and lines in proportion, head and tail, with a line between that
    counts the rest. `tokens` are the strings that the judge's tokenizer treats as special.
    """
    lines = fewer(harmless(shortened(text, longest), tokens).split("\n"), max(3, longest // CHARACTERS_A_LINE))
    marks = [LOUD if SPEAKS.search(line) else PLAIN for line in lines]
    body = "\n".join(mark + line for mark, line in zip(marks, lines, strict=True))
    return Quotation(f"[[{title} {tag}]]\n{body}\n[[end of {title} {tag}]]", marks.count(LOUD))


def tag_of(*texts: str) -> str:
    """A tag for the fences around these texts that none of them holds, however it was made."""
    count = 0
    while True:
        tag = hashlib.blake2b("\0".join((str(count), *texts)).encode(), digest_size=6).hexdigest()
        if not any(tag in text for text in texts):
            return tag
        count += 1


def shortened(text: str, longest: int) -> str:
    """Head and tail of a long text; the tail is the larger part, since answers end with their conclusion."""
    if len(text) <= longest:
        return text
    head, tail = longest // 3, longest - longest // 3
    return f"{text[:head]}\n[... {len(text) - longest} characters left out ...]\n{text[-tail:]}"


def fewer(lines: list[str], most: int) -> list[str]:
    """Head and tail of many lines; an empty line costs a judge as much as a word."""
    if len(lines) <= most:
        return lines
    head, tail = most // 3, most - most // 3
    return [*lines[:head], f"[... {len(lines) - most} lines left out ...]", *lines[-tail:]]


def harmless(text: str, tokens: Iterable[str] = ()) -> str:
    """The text with nothing in it that a tokenizer, a chat template or a terminal acts on."""
    text = "".join(_printable(c) for c in BREAKS.sub("\n", text))
    text = TAG.sub(lambda match: match.group() + DOT, text)
    for token in sorted(tokens, key=len, reverse=True):
        if len(token) > 1 and not token.isspace():
            text = text.replace(token, token[0] + DOT + token[1:])
    return text


def _printable(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co"):
        return character
    return f"⟨U+{ord(character):04X}⟩"
