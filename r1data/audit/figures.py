"""Figures that a question speaks of and that no text carries: pictures, diagrams, charts, in English and Chinese."""

from __future__ import annotations

import re

FIGURE = r"(?:figures?|diagrams?|illustrations?|graphics?)"
PICTURE = r"(?:pictures?|photo(?:graph)?s?|drawings?|sketch(?:es)?|charts?)"
ANY = (
    rf"(?:{FIGURE}|{PICTURE}|images?|graphs?|maps?|plots?|histograms?|grids?|nets?|spinners?|number lines?|circuits?|"
    r"triangles?|squares?|rectangles?|polygons?|circles?|solids?|curves?|shapes?)"
)
WORDS = r"(?:[\w-]+\s+){0,2}?"
MADE_UP = r"(?!\s+(?:of|formed|bounded|enclosed|obtained|consisting|made|skat\w+)\b)"
ASIDE = r"(?:at|to|on)\s+(?:the\s+|its\s+)?(?:right|left)\b"
IN_PLACE = rf"(?:(?:below|above)\b(?!\s+(?:the|a|an|its|this|that|[a-z])\b)|{ASIDE})"

ENGLISH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:in|from|on|by|see|per|using|use|with|to|consider|study|examine|inspect)\s+(?:the|this|these|our)\s+{WORDS}"
        rf"{FIGURE}\b{MADE_UP}",
        rf"\b(?:in|from|see|to|at|use|using|consider|study|examine)\s+(?:the|this|these)\s+(?:\w+\s+)?{PICTURE}\b"
        r"(?!\s+(?:of|frame)\b)",
        r"\b(?:use|using|from|on)\s+(?:the|this)\s+graph\s+to\b",
        rf"\b(?:accompanying|attached|adjoining|adjacent|following)\s+(?:\w+\s+)?"
        rf"(?:{FIGURE}|{PICTURE}|graph|image|map|plot|histogram|grid)\b",
        r"(?<!\ba )(?<!-)\b(?:fig\.|figures?|diagram)\s*\(?\d",
        rf"\b{ANY}\s+(?:\w+\s+)?{IN_PLACE}",
        rf"\b{ANY}\s+(?:is\s+|are\s+)?(?:shown|pictured|depicted|graphed)\s*(?:in\s+fig|{IN_PLACE}|[.,;?]|$)",
        rf"\b(?:the|this|each)\s+(?:\w+\s+)?{ANY}\s+(?:shown|pictured|depicted|graphed)\b(?!\s+(?:to|that|by)\b)",
        rf"\b(?:the|this)\s+(?:\w+\s+)?(?:{FIGURE}|picture|drawing|graph)\s+(?:shows?|represents?|depicts?)\b",
        r"\bas\s+(?:\w+\s+)?(?:shown|pictured|illustrated|depicted)\b(?!\s+(?:that|by)\b)",
        rf"\b(?:shown|pictured|depicted|illustrated|graphed)\s+(?:here\b|{IN_PLACE}|in\s+(?:the\s+)?(?:\w+\s+)?(?:fig|diagram))",
        r"\bmarked\s+angles?\b",
    )
)
OF_THE_FIGURE = re.compile(r"\bof\s+(?:the|this)\s+(?:\w+\s+)?(?:figure|diagram)\b" + MADE_UP, re.IGNORECASE)
FIGURE_INTRODUCED = re.compile(r"\b(?:a|an|any|every)\s+(?:[\w-]+\s+){0,2}?(?:figure|diagram)\b", re.IGNORECASE)
THE_SHADED = re.compile(
    r"\b(?:the|each)\s+(?:\w+\s+)?shaded\b|\bfraction\s+of\s+the\s+\w+\s+(?:is\s+)?shaded\b", re.IGNORECASE
)
SHADING_TOLD = re.compile(
    r"\b(?:is|are|be|being)\s+(?:then\s+)?(?:shaded|colou?red|painted)\b|\bshad(?:e|ing)\b|\b(?:has|have)\b[^.?!]{0,40}\bshaded\b",
    re.IGNORECASE,
)
TEXTUAL = re.compile(
    r"\b(?:equation|formula|expression|sequence|term|function|system|list|code|datum|data|number|step|inequalit(?:y|ie)|"
    r"matri(?:x|ce)|passage|report|result|rule|digit|reaction|polynomial|series|table|statement)s?\b",
    re.IGNORECASE,
)
"""What a text can show as it stands: `the equation shown below` is no picture."""
PICTORIAL = re.compile(r"\b(?:graph|diagram|figure|picture|chart|histogram|plot|map|number line)", re.IGNORECASE)
CLAUSE = 60
DRAWN = re.compile(
    r"!\[[^\]\n]{0,200}\]\(|<img\b|\\includegraphics\b|\[asy\]|\\begin\{(?:tikzpicture|asy|figure)\}"
    r"|\b[\w-]{1,80}\.(?:png|jpe?g|gif|svg|bmp|webp|tiff?)\b",
    re.IGNORECASE,
)

CHINESE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![例比譬])如[下上左右]?图(?!书|形|论|案)",
        r"(?<![地意])[下上左右]图(?!书|形|论|案)",
        r"(?<![通单树全向权完部子补地络象像形简幅张])图中",
        r"(?<!地)图\s*[(（]?[0-9①-⑩甲乙丙丁]",
        r"图象如|图像如|图形如下|[附插]图|图示|见图(?!书)",
        r"由图(?:可|象|像|知)|看图",
        r"(?<!地)图(?:象|像|形)?所示|(?:在|按|为|如|由|据)(?:下|上|左|右)?所示",
        r"(?:根据|观察|参照|由|从)(?:下面|下列|上面|以下|右面|左面|所给)?的?(?:[^。，；？、]{0,6})?(?:统计图|图表|图象|图像|图形|直方图|示意图)",
    )
)
ZH_SHADED = re.compile(r"阴影(?:部分|区域)|涂色部分")
ZH_SHADING_TOLD = re.compile(r"[涂画打记成为]了?[上成为]?阴影|阴影(?:部分|区域)(?:为|是指|记作)")


def figure(question: str) -> str | None:
    """The words that speak of a figure which the question's text does not hold; None where there are none."""
    return _first(question, (DRAWN, *CHINESE)) or _english(question) or _shaded(question)


def _english(question: str) -> str | None:
    for pattern in ENGLISH:
        for match in pattern.finditer(question):
            if not TEXTUAL.search(_clause(question, match)):
                return match.group().strip()
    if not FIGURE_INTRODUCED.search(question) and (match := OF_THE_FIGURE.search(question)):
        return match.group()
    return None


def _clause(question: str, match: re.Match[str]) -> str:
    """What is shown, as far as the same sentence tells before the words that say so; empty where it is a picture."""
    before = re.split(r"[.?!\n]\s", question[max(0, match.start() - CLAUSE) : match.start()])[-1]
    clause = before + match.group()
    return "" if PICTORIAL.search(clause) else clause


def _shaded(question: str) -> str | None:
    for said, told in ((THE_SHADED, SHADING_TOLD), (ZH_SHADED, ZH_SHADING_TOLD)):
        if (match := said.search(question)) and not told.search(question):
            return match.group()
    return None


def _first(question: str, patterns: tuple[re.Pattern[str], ...]) -> str | None:
    return next((match.group() for pattern in patterns if (match := pattern.search(question))), None)
