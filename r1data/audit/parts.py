"""Parts: whether a question asks for several things, as labelled parts or as one question after another.

Labels alone are no evidence: options, givens and rules are labelled too. Two parts must each demand something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii")
CAPITAL_ROMAN = "ⅠⅡⅢⅣⅤⅥⅦⅧ"
CIRCLED = "①②③④⑤⑥⑦⑧"
ZH_NUMBERS = "一二三四五六七八"

# A label stands at the start, behind white space or behind the end of a sentence; `f(1)` and `(2)(3)` have none.
BEFORE = r"(?:^|(?<=[\s.?!:;,。？！：；，、$])|(?<=[\u4e00-\u9fff]))"
LABELS = (
    re.compile(BEFORE + r"[(（]\s{0,3}(?P<digit>[1-9])\s{0,3}[)）]"),
    re.compile(BEFORE + r"[(（]\s{0,3}(?P<roman>i{1,3}|iv|vi{0,3}|I{1,3}|IV|VI{0,3})\s{0,3}[)）]"),
    re.compile(BEFORE + r"[(（]\s{0,3}(?P<letter>[a-hA-H])\s{0,3}[)）]"),
    re.compile(BEFORE + rf"[(（]?\s{{0,3}}(?P<capital_roman>[{CAPITAL_ROMAN}])\s{{0,3}}[)）]?"),
    re.compile(rf"(?P<circled>[{CIRCLED}])"),
    re.compile(r"(?:^|(?<=[.?!:;。？！：；，]\s)|(?<=\n))[ \t]*(?P<digit>[1-9])\s?[)）、](?!\s*[+*/=])", re.MULTILINE),
    re.compile(r"(?:^|(?<=[.?!:;。？！：；，]\s)|(?<=\n))[ \t]*(?P<letter>[a-h])\s?[)）]", re.MULTILINE),
    re.compile(r"(?:^|(?<=[.?!:;。？！：；，]\s)|(?<=\n))[ \t]*(?P<roman>I{1,3}|IV|i{1,3}|iv)\s?[)）]", re.MULTILINE),
    re.compile(r"^[ \t]*(?P<digit>[1-9])[.．](?!\d)", re.MULTILINE),
    re.compile(r"^[ \t]*(?P<letter>[a-h])[.．](?=\s)", re.MULTILINE),
    re.compile(r"\b(?:part|question|problem|task)\s*\(?(?P<letter>[a-h])\)?\s*[:.]", re.IGNORECASE),
    re.compile(r"\b(?:part|question|problem|task)\s*\(?(?P<digit>[1-9])\)?\s*[:.]", re.IGNORECASE),
    re.compile(rf"第(?P<zh>[{ZH_NUMBERS}])(?:小?问|小?题)\s*[：:，,、]"),
)

FIRST_LABEL = re.compile(
    rf"[1iIaAⅠ]\s{{0,3}}[)）.．、]|[{CIRCLED[0]}{CAPITAL_ROMAN[0]}]|(?:part|question|problem|task)\s?\(?[1a]|第一",
    re.IGNORECASE,
)

VERBS = (
    r"(?:find|determine|calculate|compute|evaluate|solve|express|derive|estimate|explain|sketch|state|write|give|show|"
    r"prove|list|name|identify|simplify|factor(?:i[sz]e)?|expand|graph|plot|draw|use|verify|describe|predict|convert)"
)
DEMAND = re.compile(
    rf"[?？]|^\W*(?:and\s+|then\s+|hence,?\s+|also,?\s+|now,?\s+)?{VERBS}\b(?!\()|[,，]\s*(?:then\s+)?{VERBS}\b(?!\()"
    rf"|[.]\s+(?:then\s+|hence,?\s+|also,?\s+)?{VERBS}\b"
    r"|^\W*(?:请|试)?(?:求|计算|证明|写出|判断|解(?:不等式|方程)|化简|确定|讨论|画出|说明|比较)"
    r"|[，,。；;](?:请|试)?(?:求|计算|证明|写出|判断|解(?:不等式|方程)|化简|确定|讨论|画出|说明)|多少|[为是]何值",
    re.IGNORECASE,
)
GIVENS = re.compile(
    r"\b(?:tasks|steps|rules|conditions|facts|statements|properties|operations|instructions|moves|actions|events)\b"
    r"[^.?!\n]{0,40}$|(?:条件|规则|步骤|操作|事实|命题|说法)[^。？！\n]{0,12}$",
    re.IGNORECASE,
)
"""Words before labelled parts that are no questions, though they may begin with a verb."""
OPTIONS = re.compile(r"\b(?:which|choose|select)\b[^.?!\n]{0,120}[.:?]\s*$|[(（]\s*[)）]\s*[。.]?\s*$", re.IGNORECASE)

QUOTED = re.compile(r"\"[^\"\n]{0,400}\"|“[^”\n]{0,400}”|「[^」\n]{0,400}」")
SENTENCE = re.compile(r"[^.?!。？！\n]*(?:\.(?=\S)[^.?!。？！\n]*)*[.?!。？！\n]?")
ASKS = re.compile(
    r"\b(?:what|which|how|who|whom|whose|where|when|why|is|are|does|do|can|could|will|would)\b[^?]*\?$", re.IGNORECASE
)
RHETORICAL = re.compile(r"^\W*hint\b|^\W*(?:did|do|have)\s+you\s+(?:know|ever)|^\W*can\s+you|^\W*你知道", re.IGNORECASE)
ZH_ASKS = re.compile(r"(?:多少|几|什么|何|怎样|谁|哪|吗)[^？]*？$|(?:^|，)还剩[^？]*？$")
LONGEST_PART = 2000
PREFACE = 200


def several_questions(question: str) -> str | None:
    """The labels or the question marks that show several questions in one; None where there is one question."""
    return _labelled(question) or _in_a_row(question)


def _labelled(question: str) -> str | None:
    if not FIRST_LABEL.search(question):
        return None
    for pattern in LABELS:
        for run in _runs(pattern, question):
            demands = [label for label, part in run if DEMAND.search(part.strip()[:LONGEST_PART])]
            if len(demands) >= 2:
                return " ".join(demands[:3])
    return None


def _runs(pattern: re.Pattern[str], question: str) -> Iterator[list[tuple[str, str]]]:
    """Labels that count up from the first one, each with the text behind it up to the next."""
    run: list[re.Match[str]] = []
    for match in pattern.finditer(question):
        place = _place(match)
        if place == len(run):
            run.append(match)
        elif place == 0:
            yield _parts(run, question, match.start())
            run = [match]
    yield _parts(run, question, len(question))


def _parts(run: list[re.Match[str]], question: str, end: int) -> list[tuple[str, str]]:
    before = question[max(0, run[0].start() - PREFACE) : run[0].start()] if run else ""
    if len(run) < 2 or OPTIONS.search(before) or GIVENS.search(before):
        return []
    stops = [*(match.start() for match in run), end]
    return [
        (match.group().strip(), question[match.end() : stop])
        for match, (_, stop) in zip(run, pairwise(stops), strict=True)
    ]


def _place(match: re.Match[str]) -> int:
    kind, label = next((kind, text) for kind, text in match.groupdict().items() if text is not None)
    match kind:
        case "digit":
            return int(label) - 1
        case "letter":
            return ord(label.lower()) - ord("a")
        case "roman":
            return ROMAN.index(label.lower())
        case "capital_roman":
            return CAPITAL_ROMAN.index(label)
        case "circled":
            return CIRCLED.index(label)
        case _:
            return ZH_NUMBERS.index(label)


def _in_a_row(question: str) -> str | None:
    """Two sentences that ask, outside quotation marks."""
    sentences = [text.strip() for text in SENTENCE.findall(QUOTED.sub(" ", question)) if text.strip()]
    asking = [text for text in sentences if not RHETORICAL.search(text) and (ASKS.search(text) or ZH_ASKS.search(text))]
    return " ".join(asking[:2])[:200] if len(asking) >= 2 else None
