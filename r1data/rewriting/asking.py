"""Asking: the conversation in which a step is asked for, and what the reply to it holds."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from r1data import replies
from r1data.judging.quoting import harmless, tag_of
from r1data.prompts.rendering import LANGUAGES
from r1data.rewriting.steps import BRIEF, Taken
from r1data.rewriting.worked import worked_examples
from r1data.style.checks import BOXED
from schemas import Message

FOLDER = Path(__file__).parent / "templates"
_templates = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True)
TITLES: dict[str, dict[str, str]] = {
    "en": {"question": "question", "thought": "notes", "translate": "thought", "summary": "thought"},
    "zh": {"question": "问题", "thought": "笔记", "translate": "思路", "summary": "思路"},
}
ENDINGS = {
    "en": {"box": "End with the final answer in \\boxed{}.", "code": "End with the whole program in one code block.",
           "": "End when everything is said."},
    "zh": {"box": "最后把最终答案写在 \\boxed{} 中。", "code": "最后用一个代码块给出完整的程序。", "": "说完即止。"},
}  # fmt: skip
FENCE = re.compile(r"^\[\[.{0,40}[0-9a-f]{12}\]\]\n?", re.MULTILINE)


def template_language(language: str) -> str:
    """The language in which a request is written: Chinese for Chinese, English for every other."""
    return "zh" if language == "zh" else "en"


def conversation(
    step: Taken, question: str, before: str, language: str, verifier: str, *, examples: int, tokens: tuple[str, ...]
) -> list[Message]:
    """Worked examples as earlier turns, and then the request. `tokens` are the model's special ones, which no text that
    is quoted may hold.
    """
    spoken = template_language(language)
    turns = []
    for one in worked_examples(step, spoken, question, examples):
        turns.append(Message("user", _request(step, one.question, one.before, one.language, one.verifier, tokens)))
        turns.append(Message("assistant", one.after))
    return [*turns, Message("user", _request(step, question, before, language, verifier, tokens))]


def _request(step: Taken, question: str, before: str, language: str, verifier: str, tokens: tuple[str, ...]) -> str:
    spoken = template_language(language)
    kind = "box" if verifier in BOXED else "code" if verifier == "code" else ""
    blanks = {"language": "中文" if spoken == "zh" else LANGUAGES.get(language, language),
              "ending": ENDINGS[spoken][kind]}  # fmt: skip
    question, before = harmless(question, tokens), harmless(before, tokens)
    if step == BRIEF:
        blanks |= {"question": question, "before": before.strip()}
    else:
        tag, titles = tag_of(question, before), TITLES[spoken]
        blanks["question"] = _fenced(titles["question"], question, tag)
        blanks["before"] = _fenced(titles[step], before, tag)
    return _templates.get_template(f"{step}-{spoken}.jinja").render(blanks).strip()


def _fenced(title: str, text: str, tag: str) -> str:
    end = f"[[/{title} {tag}]]"
    return f"[[{title} {tag}]]\n{text}\n{end}"


def part_in(reply: str) -> str:
    """The thought or the solution that a reply holds: without a thought of the rewriter's own, without the fences of
    the request, and without tags around it.
    """
    parts = replies.split(reply)
    text = parts.answer or parts.reasoning or ""
    text = FENCE.sub("", text).replace(replies.OPEN, "").replace(replies.CLOSE, "")
    return text.strip(replies.WHITE_SPACE)


def joined(thought: str, solution: str) -> str:
    """A whole reply, in the form in which a dataset holds it."""
    return f"{replies.OPEN}\n{thought}\n{replies.CLOSE}\n\n{solution}"


def template_texts() -> dict[str, str]:
    """All templates by name; they are part of what a rewriter is."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.jinja"))}
