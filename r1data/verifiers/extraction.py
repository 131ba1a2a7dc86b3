"""Where the answer stands in a reply's last part: the last box, or a sentence that announces it. Never a guess."""

from __future__ import annotations

import re
import unicodedata

BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
ANNOUNCED = (
    re.compile(r"####\s*(.+)"),
    re.compile(r"(?:final answer|answer|result)\s*(?:is|=|:)\s*:?\s*(.+)", re.IGNORECASE),
    re.compile(r"(?:最终答案|最后答案|正确答案|答案|结果)\s*(?:是|为|：|:|=)\s*[：:]?\s*(.+)"),
)
ANSWER_TAGS = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
TRAILING = " \t.。!！,，;；*_`\"'”’"
MATHS_SPAN = re.compile(r"^\s*(?:\$\$?(?P<dollar>[^$]+)\$\$?|\\\((?P<round>.+?)\\\)|\\\[(?P<square>.+?)\\\])")
TEXT_WRAPPER = re.compile(r"^\\(?:text|textbf|mathrm|mathbf|textit|mathit|operatorname)\s*\{(.*)\}$", re.DOTALL)


def last_box(text: str) -> str | None:
    r"""The content of the last `\boxed{...}` with balanced braces; None where there is none that closes."""
    for match in reversed(list(BOX.finditer(text))):
        content = _balanced(text, match.end())
        if content is not None:
            return content.strip()
    return None


def announced(text: str) -> str | None:
    """What the last sentence of the form "the answer is ..." names, in English or Chinese."""
    best: tuple[int, str] | None = None
    for pattern in ANNOUNCED:
        for match in pattern.finditer(text):
            if best is None or match.start(1) > best[0]:
                best = match.start(1), match.group(1)
    if best is None:
        return None
    return _first_span(best[1]) or None


def answer_tags(text: str) -> str | None:
    """The content of the last `<answer>` element, as R1-Zero writes it."""
    found = ANSWER_TAGS.findall(text)
    return found[-1].strip() if found else None


def narrow_width(text: str) -> str:
    """Full-width digits, letters and signs in their usual form; Chinese punctuation between words stays."""
    return "".join(unicodedata.normalize("NFKC", c) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in text)


def unwrapped(text: str) -> str:
    r"""The text inside `\text{...}` and dollar signs, and without LaTeX's escapes."""
    text = text.strip()
    while True:
        inner = text.strip("$").strip()
        match = TEXT_WRAPPER.match(inner)
        inner = match.group(1).strip() if match and _balanced(inner, inner.index("{") + 1) == match.group(1) else inner
        if inner == text:
            return re.sub(r"\\([#$%&_{}])", r"\1", text)
        text = inner


def _balanced(text: str, start: int) -> str | None:
    depth, position = 1, start
    while position < len(text):
        match text[position]:
            case "\\":
                position += 1  # an escaped brace is no brace
            case "{":
                depth += 1
            case "}":
                depth -= 1
                if depth == 0:
                    return text[start:position]
        position += 1
    return None


def _first_span(rest: str) -> str:
    """An announced answer ends with its maths, or with its sentence."""
    rest = rest.strip().strip("*").strip()
    match = MATHS_SPAN.match(rest)
    if match:
        return next(group for group in match.groupdict().values() if group is not None).strip()
    sentence = re.split(r"(?<!\d)\.(?:\s|$)|(?<=\d)\.(?:\s|$)|[。！\n]", rest, maxsplit=1)[0]
    return sentence.strip(TRAILING)
