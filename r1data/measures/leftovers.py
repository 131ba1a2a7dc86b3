"""Leftovers: what a reply carries over from its making: template tokens, invented turns, talk of being a model.

Tokens that stand in code, fenced or inline, are what the reply is about and do not count.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures.block import Block
from r1data.measures.lines import BRACKETED, CLOSING, CODE, OPENING
from r1data.texts import Bytes, Places, Texts, kernel, words_of

TOKENS = (
    "</s>", "<<SYS>>", "<</SYS>>", "[INST]", "[/INST]", "<bos>", "<eos>", "<pad>", "<unk>", "<start_of_turn>",
    "<end_of_turn>", "[BOS]", "[EOS]",
)  # fmt: skip
"""Besides `<|...|>` and `<｜...｜>` of whatever name. `<s>` counts too, but not as HTML: `<s>struck out</s>`."""
USER_TURNS = (
    "User:", "Human:", "**User:**", "**Human:**", "### User", "### Human", "### Instruction", "用户：", "用户:",
)  # fmt: skip
MODEL_TURNS = ("Assistant:", "**Assistant:**", "### Assistant", "### Response", "助手：", "助手:")
PHRASES = (
    "as an ai language", "as an ai model", "as an ai assistant", "as an ai chatbot", "as an ai i", "as an ai system",
    "as an ai my", "as an ai developed", "as an ai trained", "as a language model", "as a large language model",
    "i am an ai", "i'm an ai", "i am just an ai", "i'm just an ai", "i am only an ai", "i am a language model",
    "i'm a language model", "i am a large language model", "i'm a large language model", "my training data",
    "my knowledge cutoff", "my knowledge cut-off", "my training cutoff", "i was trained on", "i was trained by",
    "my instructions", "my system prompt", "my programming", "i am chatgpt", "i'm chatgpt", "i am deepseek",
    "i'm deepseek", "i am qwen", "i'm qwen", "i cannot browse the", "i can't browse the",
    "作为人工智能助手", "作为人工智能模型", "作为人工智能语言", "作为人工智能，我", "作为一个人工智能",
    "作为一名人工智能", "作为AI助手", "作为AI模型", "作为AI语言", "作为AI，我", "作为一个AI", "作为一名AI助手",
    "作为语言模型", "作为一个语言模型", "作为大语言模型", "作为一个大语言模型", "作为一个大型语言模型",
    "我是一个人工智能", "我是人工智能", "我是一个AI", "我是AI", "我是一个语言模型", "我的训练数据", "我的知识截止",
    "我的系统提示", "我的指令",
)  # fmt: skip
"""Said in the first person only: a question about models in general is a question like others."""
LONGEST_NAME = 60


def template_tokens(block: Block) -> npt.NDArray[np.int32]:
    """Special tokens of chat templates in each reply's parts, and turns of a talk that it goes on with by itself."""
    found = np.zeros(len(block), np.int32)
    lines = block.lines
    fields = (lines.starts, lines.ends, lines.kinds, lines.traits, lines.offsets)
    literals = (_joined(TOKENS), _joined(USER_TURNS), _joined(MODEL_TURNS))
    _count_tokens(block.texts.data, *fields, *literals, found)
    return found


def self_references(block: Block) -> npt.NDArray[np.int32]:
    """Places where each reply talks of itself as a model, its instructions or its training."""
    found = np.zeros(len(block), np.int32)
    _count_phrases(block.words.hashes, block.words.offsets, *_phrases(), found)
    return found


@cache
def _joined(literals: tuple[str, ...]) -> Bytes:
    """Literals in one array, each behind its length."""
    return np.frombuffer(b"".join(bytes([len(text.encode())]) + text.encode() for text in literals), np.uint8).copy()


@cache
def _phrases() -> tuple[npt.NDArray[np.uint64], Places, npt.NDArray[np.bool_]]:
    """The phrases' words, where each begins in them, and whether one may begin with a hash of these last 16 bits."""
    words = words_of(Texts.of(pl.Series(PHRASES)))
    begins = np.zeros(1 << 16, np.bool_)
    begins[(words.hashes[words.offsets[:-1]] & np.uint64(0xFFFF)).astype(np.int64)] = True
    return words.hashes.copy(), words.offsets, begins


@kernel
def _count_phrases(
    hashes: npt.NDArray[np.uint64],
    offsets: Places,
    phrases: npt.NDArray[np.uint64],
    phrase_offsets: Places,
    begins: npt.NDArray[np.bool_],
    found: npt.NDArray[np.int32],
) -> None:
    for row in range(len(found)):
        word, last = offsets[row], offsets[row + 1]
        while word < last:
            longest = 0
            if begins[hashes[word] & np.uint64(0xFFFF)]:
                for phrase in range(len(phrase_offsets) - 1):
                    begin, length = phrase_offsets[phrase], phrase_offsets[phrase + 1] - phrase_offsets[phrase]
                    if length <= longest or word + length > last:
                        continue
                    agree = 0
                    while agree < length and hashes[word + agree] == phrases[begin + agree]:
                        agree += 1
                    if agree == length:
                        longest = length
            if longest:
                found[row] += 1
            word += max(longest, 1)


@kernel
def _count_tokens(
    data: Bytes,
    starts: Places,
    ends: Places,
    kinds: Bytes,
    traits: Bytes,
    offsets: Places,
    tokens: Bytes,
    users: Bytes,
    models: Bytes,
    found: npt.NDArray[np.int32],
) -> None:
    for row in range(len(found)):
        for part in range(2):
            first, last = offsets[2 * row + part], offsets[2 * row + part + 1]
            asked = 0
            for line in range(first, last):
                if kinds[line] == OPENING or kinds[line] == CODE or kinds[line] == CLOSING:
                    continue
                start, end = starts[line], ends[line]
                if line > first and start < end:
                    if _one_of(data, start, end, users):
                        asked += 1
                        found[row] += part  # in an answer by itself, in a thought only with the reply to it
                    elif asked and _one_of(data, start, end, models):
                        found[row] += 1
                if traits[line] & BRACKETED:
                    found[row] += _tokens_between(data, start, end, tokens)


@kernel
def _tokens_between(data: Bytes, at: int, end: int, tokens: Bytes) -> int:
    count, struck, coded = 0, 0, False
    while at < end:
        byte = data[at]
        if byte == 0x60:
            coded = not coded
        elif byte == 0x3C or byte == 0x5B:
            length = 0 if coded else _token(data, at, end, tokens)
            if length == 3:  # <s>: HTML where its partner follows
                struck += 1
                at += 3
                continue
            if length == 4 and struck and data[at + 2] == 0x73:
                struck -= 1
                at += 4
                continue
            if length:
                count += 1
                at += length
                continue
        at += 1
    return count + struck


@kernel
def _token(data: Bytes, at: int, end: int, tokens: Bytes) -> int:
    """Bytes of the token that begins there, 0 for none."""
    if at + 2 < end and data[at] == 0x3C and data[at + 1] == 0x73 and data[at + 2] == 0x3E:
        return 3
    length = _one_of(data, at, end, tokens)
    if length or data[at] != 0x3C:
        return length
    bar = _bar(data, at + 1, end)
    if not bar:
        return 0
    begin = place = at + 1 + bar
    while place < end and place < begin + LONGEST_NAME:
        byte = data[place]
        bar = _bar(data, place, end)
        if bar:
            closed = place + bar < end and data[place + bar] == 0x3E
            return place + bar + 1 - at if closed and place > begin + 1 else 0
        named = 0x61 <= (byte | 0x20) <= 0x7A or 0x30 <= byte <= 0x39 or byte == 0x5F or byte == 0x2D or byte >= 0x80
        if not named:
            return 0
        place += 1
    return 0


@kernel
def _bar(data: Bytes, at: int, end: int) -> int:
    """Bytes of the bar, ASCII's or the full-width one, that stands there."""
    if at < end and data[at] == 0x7C:
        return 1
    if at + 2 < end and data[at] == 0xEF and data[at + 1] == 0xBD and data[at + 2] == 0x9C:
        return 3
    return 0


@kernel
def _one_of(data: Bytes, at: int, end: int, literals: Bytes) -> int:
    """Bytes of the literal that stands there, 0 for none."""
    literal: Any = 0
    while literal < len(literals):
        length: Any = np.int64(literals[literal])
        if at + length <= end and data[at] == literals[literal + 1]:
            agree = 1
            while agree < length and data[at + agree] == literals[literal + 1 + agree]:
                agree += 1
            if agree == length:
                return int(length)
        literal += 1 + length
    return 0
