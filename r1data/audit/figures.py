"""Figures that a question speaks of and that no text carries: pictures, diagrams, charts, in English and Chinese."""

from __future__ import annotations

import re

FIGURE = r"(?:figures?|diagrams?|illustrations?|graphics?)"
PICTURE = r"(?:pictures?|photo(?:graph)?s?|drawings?|sketch(?:es)?|charts?)"
GRAPH = (
    r"(?:(?:pie|bar|line|flow)\s?(?:charts?|graphs?)|(?:dot|box|scatter|stem)[\s-]?plots?|"
    r"histograms?|graphs?|charts?|plots?)"
)
SHAPE = (
    r"(?:triangles?|squares?|rectangles?|quadrilaterals?|parallelograms?|trapezoids?|trapeziums?|pentagons?|hexagons?|"
    r"octagons?|polygons?|circles?|curves?|shapes?|solids?|cubes?|prisms?|cylinders?|pyramids?|views?|plans?|nets?)"
)
ANY = (
    rf"(?:{FIGURE}|{PICTURE}|{GRAPH}|{SHAPE}|images?|maps?|grids?|spinners?|dials?|number lines?|circuits?|"
    r"thermometers?|protractors?)"
)
WORDS = r"(?:[\w-]+\s+){0,2}?"
MADE_UP = r"(?!\s+(?:of|that|which|they|whose|formed|bounded|enclosed|obtained|consisting|made|skat\w+)\b)"
ASIDE = r"(?:at|to|on)\s+(?:the\s+|its\s+)?(?:right|left)\b"
IN_PLACE = rf"(?:(?:below|above)\b(?!\s+(?:the|a|an|its|this|that|[a-z])\b)|{ASIDE})"

ENGLISH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:in|from|on|by|see|per|using|use|with|to|consider|study|examine|inspect)\s+(?:the|this|these|our)\s+{WORDS}"
        rf"{FIGURE}\b{MADE_UP}",
        rf"\b(?:based\s+on|according\s+to)\s+(?:the|this)\s+(?:\w+\s+)?(?:{GRAPH}|image|map)",
        rf"\bsee\s+(?:\w+\s+)?(?:{FIGURE}|{PICTURE})\b",
        r"\b(?:use|using|from|on)\s+(?:the|this)\s+graph\s+to\b",
        rf"\b(?:accompanying|attached|adjoining|adjacent|following)\s+(?:\w+\s+)?"
        rf"(?:{FIGURE}|{PICTURE}|graph|image|map|plot|histogram|grid)\b",
        r"(?<!\ba )(?<!-)\b(?:fig\.|figures?|diagram)\s*\(?\d",
        rf"\b{ANY}\s+(?:\w+\s+)?{IN_PLACE}",
        rf"\b{ANY}\s+(?:is\s+|are\s+)?(?:shown|pictured|depicted|graphed)\s*(?:in\s+fig|{IN_PLACE}|[.,;?]|$)",
        rf"\b(?:the|this|each)\s+(?:\w+\s+)?{ANY}\s+(?:shown|pictured|depicted|graphed)\b(?!\s+(?:to|that|by)\b)",
        rf"\b(?:the|this)\s+(?:\w+\s+)?(?:{FIGURE}|{GRAPH}|picture|drawing|sketch|image)\s+(?:shows?|represents?|depicts?)\b",
        r"\bas\s+(?:\w+\s+)?(?:shown|pictured|illustrated|depicted)\b(?!\s+(?:that|by)\b)",
        rf"\b(?:shown|pictured|depicted|illustrated|graphed)\s+(?:here\b|{IN_PLACE}|in\s+(?:the\s+)?(?:\w+\s+)?(?:fig|diagram))",
        r"\bmarked\s+angles?\b",
    )
)
IN_THE_PICTURE = re.compile(
    rf"\b(?:in|from|see|to|at|use|using|consider|study|examine)\s+(?:the|this|these)\s+(?:\w+\s+)?(?P<noun>{PICTURE})\b"
    r"(?!\s+(?:of|frame)\b)",
    re.IGNORECASE,
)
OF_THE_FIGURE = re.compile(r"\bof\s+(?:the|this)\s+(?:\w+\s+)?(?:figure|diagram)\b" + MADE_UP, re.IGNORECASE)
FIGURE_INTRODUCED = re.compile(r"\b(?:a|an|any|every)\s+(?:[\w-]+\s+){0,2}?(?:figure|diagram)\b", re.IGNORECASE)
THE_SHADED = re.compile(
    rf"\b(?:the|each)\s+(?:\w+\s+)?shaded\s+(?:regions?|areas?|parts?|portions?|sections?|rings?|sectors?|{SHAPE})\b"
    r"|\bfraction\s+of\s+the\s+\w+\s+(?:is\s+)?shaded\b",
    re.IGNORECASE,
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
    r"|(?<=\w)\.(?:png|jpe?g|gif|svg|bmp|webp|tiff?)\b",
    re.IGNORECASE,
)

PROGRAM = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[ \t]*(?!(?:markdown|md|latex|tex|asy)\b)\w[^\n]*\n.*?(?:^(?P=fence)|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
"""A fenced block that names its language: an `<img` of a page to repair is a part of the question's text."""

CHINESE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![例比譬])如[下上左右]{0,2}图(?!书|形|论|案)",
        r"(?<![地意])[下上左右]图(?!书|形|论|案)",
        r"(?<!地)图\s*[(（]?[0-9①-⑩甲乙丙丁]",
        r"图象如|图像如|图形如下|[附插]图|图示|见图(?!书)",
        r"由图(?:可|象|像|知)|看图|[从在由据]图上(?!距离)",
        r"(?<!地)图(?:象|像|形)?所示|(?:在|按|为|如|由|据)(?:下|上|左|右)?所示",
        r"(?:根据|观察|参照)(?:[上下左右]面|下列|以下|所给)?的?(?:[^。，；？、]{0,6})?(?:统计图|图表|图象|图像|图形|直方图|示意图)",
        r"(?:[上下左右][面边]|下列|以下)(?:是|为|的)?[^。，；？、]{0,16}(?:统计图|图表|示意图|直方图)",
        r"(?:[上下左右][面边]|下列|以下)的?各?(?:个|组|两个)?图形(?!中)",
    )
)
IN_THE_ZH_PICTURE = re.compile(r"(?<![通单树全向权完部子补地络象像形简幅张])图中")
ZH_PICTURE_INTRODUCED = re.compile(r"[幅张][^。？]{0,4}[图画]|画了[^。？]{0,6}图")
ZH_SHADED = re.compile(r"阴影(?:部分|区域)|涂色部分")
ZH_SHADING_TOLD = re.compile(r"[涂画打记成为]了?[上成为]?阴影|阴影(?:部分|区域)(?:为|是指|记作)")


CUES = tuple(
    "fig diagram illustrat graph pictur photo drawing sketch chart plot shown depict below above right left marked "
    "image map grid shaded 图 所示 阴影 涂色".split()
)
"""What speaks of a figure holds one of these: looking for them first spares most questions the patterns."""


def figure(question: str) -> str | None:
    """The words that speak of a figure which the question's text does not hold; None where there are none."""
    question = PROGRAM.sub("", question)
    if match := DRAWN.search(question):
        return match.group()
    lower = question.lower()
    if not any(cue in lower for cue in CUES):
        return None
    return _first(question, CHINESE) or _english(question) or _inside(question) or _shaded(question)


def _first(question: str, patterns: tuple[re.Pattern[str], ...]) -> str | None:
    return next((match.group() for pattern in patterns if (match := pattern.search(question))), None)


def _english(question: str) -> str | None:
    for pattern in ENGLISH:
        for match in pattern.finditer(question):
            if not TEXTUAL.search(_clause(question, match)):
                return match.group().strip()
    return None


def _inside(question: str) -> str | None:
    """`in the picture`, `of the figure`: no evidence where a story has told of that picture or figure before."""
    if (match := IN_THE_PICTURE.search(question)) and match["noun"].lower() not in question[: match.start()].lower():
        return match.group()
    if (match := OF_THE_FIGURE.search(question)) and not FIGURE_INTRODUCED.search(question):
        return match.group()
    if (match := IN_THE_ZH_PICTURE.search(question)) and not ZH_PICTURE_INTRODUCED.search(question):
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
