"""Where the answer stands in a reply's last part: the last box, or a sentence that announces it. Never a guess."""

from __future__ import annotations

import re

from r1data.verifiers.math.spelling import narrow, unwrap

BOX = re.compile(r"\\(?:boxed|fbox)\s*(?:\{|(?P<bare>\\?[A-Za-z0-9]+))")
BOX_END = re.compile(r"^\}")
DENIED_BOX = re.compile(r"\bnot\s*\$*\s*\\(?:boxed|fbox)\s*\{$|不是\s*\$*\s*\\(?:boxed|fbox)\s*\{$")
MINUS_BOX = re.compile(r"(?:=|\$|\\\(|\\\[)\s*[-−]\s*\\(?:boxed|fbox)\s*\{$")
BEHIND_BOX = re.compile(
    r"\s*(?:\\%|%|\\times\s*10\s*\^\s*(?:\{\s*-?\d{1,4}\s*\}|\d)"
    r"|(?:\\[,;: ]\s*)?\\(?:text|mathrm)\s*\{(?P<unit>[^{}]{1,12})\})"
)
BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
MOST_NESTED, MOST_JOINED = 8, 20
ANSWER_TAGS = re.compile(r"<answer>(.*?)</answer>", re.DOTALL | re.IGNORECASE)
LAST_CHARACTERS = 20_000
"""A sentence that announces the answer stands near the end; boxes are looked for everywhere."""

_MARK = r"[*_`~\s]*"
ANNOUNCED = (
    re.compile(r"^####[ \t]*(?=[-+$€£¥\\(\[\d.])([^\n]+)", re.MULTILINE),
    re.compile(
        rf"(?:\b(?:final\s+)?(?:answers?|results?)\b(?:\s+(?:to|for|of)\s+[^.:\n]{{1,80}}?)?{_MARK}"
        rf"(?:\s(?:is|are|equals|would be|will be|should be|must be|comes? out to)\b|[:=]"
        rf"|\s[-–—]\s){_MARK}[:=]?{_MARK})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:最终答案|最后答案|正确答案|答案|结果|所求(?:的?值)?|答){_MARK}(?:应该?是|应为|等于|就是|是|为|：|:|=|】)"
        rf"{_MARK}[：:]?{_MARK}"
    ),
)
"""Each ends where the answer begins; the first holds it."""
CONCLUDED = (
    re.compile(
        r"\b(?:therefore|thus|hence|so|consequently|in conclusion|we (?:get|have|find|obtain))\b[^\n]*?"
        r"(?:\bis|\bare|\bequals|=|\bget|\bhave|\bobtain|\bfind)\s*:?\s*(?P<rest>[^\n=]+)$",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:因此|所以|故|综上|于是|从而|可得|得到|解得)[^\n]*?(?:是|为|等于|=|有|得)\s*[：:]?\s*(?P<rest>[^\n=]+)$"
    ),
    re.compile(
        r"(?:根|解|值|解集|集合|范围|roots?|solutions?|values?)[^\n$]{0,12}?(?:是|为|等于|are|is)\s*(?P<rest>\$.+)$"
    ),
)
HEADING = re.compile(r"^[#*_\s]*(?:final\s+)?(?:answer|最终答案|答案)[*_:：\s]*$", re.IGNORECASE)
MATHS_SPAN = re.compile(
    r"\$\$(?P<display>.+?)\$\$|\$(?P<dollar>[^$\n]+?)\$|\\\((?P<round>.+?)\\\)|\\\[(?P<square>.+?)\\\]", re.DOTALL
)
NO_ANSWER = re.compile(
    r"^(?:correct|incorrect|right|wrong|clear|obvious|obviously|not\b|as follows|therefore|thus|unique|the same"
    r"|consistent|reasonable|verified|unknown|unclear|ambiguous|given|below|above|in the|what|why|how"
    r"|否(?=[符成满正相能会])|多少|正确|错误|不对|对的|显然|合理|唯一|如下|什么)",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(
    r"(?<!\d)[.;](?=\s|$)|(?<=\d)\.(?=\s|$)|[。！；\n]|,?\s+(?:because|since|which|as (?:required|expected|claimed)"
    r"|rather than|not|and not)"
    r"\b|[,，](?:因为|也就是|即|而不|不是|而非)"
)
TRAILING = " \t.。!！,，;；*_`\"'”’"
JOINED = re.compile(r"[\s$]*(?:,|，|、|;|and|or|和|或|与|及|\\text\s*\{\s*(?:and|or)\s*\})[\s$]*")
ONE_NUMBER = re.compile(r"^[^\d$\\]{2,40}?(?P<rest>-?\d[\d,]*(?:\.\d+)?\s*[^\d\s]{0,8})$")
ALTERING = re.compile(
    r"\b(?:than|least|most|twice|thrice|double|half|squares?|cubes?|negative|minus|plus|multiples?|divisible|ending"
    r"|up to|over|under|above|below|anything|never|not|no|cannot|step|equation|option|part|case|between|near|close)\b"
    r"|n't\b|[不非负倍未]|大于|小于|至少|至多|超过|步",
    re.IGNORECASE,
)
"""Before a number: then the number is not what is said."""
CONTINUED = re.compile(
    r"\s*(?:[/+*^:×÷–−-]\s*[\d$\\(]|(?:times|more|less|fewer|greater|squared|cubed|factorial|over|to(?! the nearest)"
    r"|and a|and two|and three|plus|minus|divided|raised|is (?:wrong|incorrect|not)|hundred|dozen)\b"
    r"|的[倍平立]|倍|以|分之|多)",
    re.IGNORECASE,
)
"""Behind an announced formula: then it is only the beginning of what is said."""
DISOWNED = re.compile(
    r"(?:\b(?:suppose|assume|assuming|whether|n[o']t (?:think|believe|say|claim)|(?:is|was) (?:false|wrong|not true)"
    r"|doubt|deny|thought|might think|may think|假设|如果|若|设)(?: that)?|n't (?:think|believe)(?: that)?)"
    r"\s*(?:the|my|your|its|this)?\s*(?:correct|right)?\s*$",
    re.IGNORECASE,
)
"""Before an announcement: then nobody stands by it."""
FILLER = re.compile(r"^(?:therefore|thus|hence|then|simply|just|indeed|clearly)[,:]?\s+(?=[-+$\\(\d])", re.IGNORECASE)
NEGATIVE = re.compile(r"^(?:negative |minus |负)\s*(?=\d)", re.IGNORECASE)
RETRACTED = re.compile(
    r"\b(?:I mean|wait,? no|scratch that|correction)\b|(?:that|this|which) (?:is|was) (?:wrong|incorrect|not right)"
    r"|^\W*(?:不对|错了|更正)",
    re.IGNORECASE,
)
"""Behind an announcement: then it does not stand."""
LONGEST_LEAD = 60
LONGEST_TAIL = 120
MOST_ANNOUNCEMENTS, LONGEST_CONCLUSION = 200, 1000
LONGEST_LINE, LONGEST_REST = 120, 400
TEXT_WRAPPER = re.compile(r"^\\(?:text|textbf|mathrm|mathbf|textit|mathit|operatorname)\s*\{(.*)\}$", re.DOTALL)


def find_answer(text: str) -> str | None:
    """The answer that a reply's last part gives: its last box, else `<answer>`, else the last sentence that announces
    one, else a last line that is one and nothing more. None where there is none of them.
    """
    text = narrow(text)
    boxes = last_boxes(text)
    if boxes:
        return ", ".join(boxes)
    tagged = answer_tags(text)
    if tagged is not None:
        inner = announced(tagged)
        return tagged if inner is None else inner
    return announced(text) or _last_line(text)


def last_box(text: str) -> str | None:
    r"""The content of the last `\boxed{...}` that closes, the inner one of nested ones; None where there is none."""
    spans = box_spans(text)
    if not spans:
        return None
    start, end = spans[-1]
    for _ in range(MOST_NESTED):
        inner = box_spans(text[start:end])
        if not inner:
            break
        start, end = start + inner[-1][0], start + inner[-1][1]
    return text[start:end].strip()


def last_boxes(text: str) -> list[str]:
    """The last box, and those that "and", "or" or a comma join to it; each content once."""
    spans = [span for span in box_spans(text) if not _is_denied(text, span[0])]
    if not spans:
        return []
    chain = [spans.pop()]
    while spans and len(chain) < MOST_JOINED:
        between = BOX_END.sub("", BOX.sub("", text[spans[-1][1] : chain[0][0]], count=1), count=1)
        if len(between) > LONGEST_LINE or not JOINED.fullmatch(between):
            break
        chain.insert(0, spans.pop())
    contents = [text[start:end].strip() for start, end in chain]
    inner = list(dict.fromkeys(last_box(content) or content for content in contents))
    return [_completed(text, *chain[0], inner[0])] if len(chain) == 1 else inner


def _is_denied(text: str, start: int) -> bool:
    """Whether "not" stands right before the box whose content starts there."""
    return DENIED_BOX.search(text[max(0, start - LONGEST_LEAD) : start]) is not None


def _completed(text: str, start: int, end: int, content: str) -> str:
    """The content of a box with what a writer left outside: a minus, a power of ten, a percent sign, a unit."""
    if not content or text[end : end + 1] != "}":
        return content
    behind = BEHIND_BOX.match(text, end + 1)
    if behind and behind["unit"] and not _is_unit(behind["unit"].strip()):
        behind = None
    if behind and re.search(r"[A-Za-z%]\s*\}?$", content):
        behind = None
    sign = "-" if MINUS_BOX.search(text[max(0, start - LONGEST_LEAD) : start]) and content[0] not in "+-" else ""
    return f"{sign}{content}{behind[0].strip() if behind else ''}"


def boxes_at_the_end(text: str) -> list[str]:
    """The contents of all boxes in the last paragraph that has one, for answers that are boxed one by one."""
    text = narrow(text)[-LAST_CHARACTERS:]
    for paragraph in reversed(re.split(r"\n\s*\n", text)):
        contents = [paragraph[start:end].strip() for start, end in box_spans(paragraph)]
        if contents:
            return contents[-MOST_JOINED:]
    return []


def box_spans(text: str) -> list[tuple[int, int]]:
    """Where the contents of the boxes stand, outermost ones only, in one pass over the text."""
    heads = {match.end(): match for match in BOX.finditer(text)}
    if not heads:
        return []
    spans = [match.span("bare") for match in heads.values() if match["bare"]]
    openings: list[int] = []
    for match in BRACES.finditer(text, min(heads) - 1):
        if match[0] == "{":
            openings.append(match.end())
        elif match[0] == "}" and openings:
            opening = openings.pop()
            if opening in heads:
                spans.append((opening, match.start()))
    outer: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not outer or start >= outer[-1][1]:
            outer.append((start, end))
    return outer


def announced(text: str) -> str | None:
    """What the last sentence of the form "the answer is ..." names, in English or Chinese."""
    text = text[-LAST_CHARACTERS:]
    heads = [(match.start(), match.end(), match[1] if pattern.groups else None)
             for pattern in ANNOUNCED for match in pattern.finditer(text)]  # fmt: skip
    headed = _under_heading(text)
    for start, end, content in sorted(heads, reverse=True)[:MOST_ANNOUNCEMENTS]:
        if DISOWNED.search(text[max(0, start - LONGEST_LEAD) : start]):
            continue
        named = _named(text[end : end + LONGEST_REST] if content is None else content)
        if named is not None:
            if content is None and RETRACTED.search(text[end : end + LONGEST_TAIL]):
                return None
            return named if headed is None or headed[0] < start else headed[1]
    return None if headed is None else headed[1]


def answer_tags(text: str) -> str | None:
    """The content of the last `<answer>` element, as R1-Zero writes it."""
    found = ANSWER_TAGS.findall(text)
    return found[-1].strip() if found else None


def narrow_width(text: str) -> str:
    """Full-width digits, letters and signs in their usual form; Chinese punctuation between words stays."""
    return narrow(text)


def unwrapped(text: str) -> str:
    r"""The text inside `\text{...}` and dollar signs, and without LaTeX's escapes."""
    return re.sub(r"\\([#$%&_{}])", r"\1", unwrap(text))


def _named(rest: str) -> str | None:
    """An announced answer ends with its maths, or with its sentence; None where the sentence names none."""
    rest = FILLER.sub("", rest.strip().strip("*").strip())
    spans = _spans_at_start(rest)
    if spans is not None:
        return spans
    rest = rest.split("\n")[0]
    if not rest or NO_ANSWER.match(rest):
        return None
    sentence = NEGATIVE.sub("-", SENTENCE_END.split(rest, maxsplit=1)[0].strip(TRAILING))
    span = MATHS_SPAN.search(sentence)
    if span and ALTERING.search(sentence[: span.start()]):
        return sentence  # "less than $5$"
    if span and len(sentence[: span.start()].split()) <= 6 and not sentence[span.end() :].strip(TRAILING):
        return _content(span)  # "the answer is therefore $5$"
    number = ONE_NUMBER.match(sentence)
    if number and ALTERING.search(sentence[: number.start("rest")]):
        return sentence
    return (number["rest"] if number else sentence) or None  # "we need 7 days in all" ends with the number


def _spans_at_start(rest: str) -> str | None:
    """`$1$ and $2$` at the start of a text, as one list; None where it does not begin with mathematics."""
    parts: list[str] = []
    position = 0
    while True:
        match = MATHS_SPAN.match(rest, position)
        if match is None:
            break
        parts.append(_content(match))
        position = match.end()
        joiner = re.compile(r"\s*(,|，|、|and|or|和|或|与)\s*(?=\$|\\\(|\\\[)").match(rest, position)
        if joiner is None:
            break
        parts.append("," if joiner[1] in ",，、" else "or" if joiner[1] in ("or", "或") else "and")
        position = joiner.end()
    if not parts or CONTINUED.match(rest, position):
        return None
    behind = re.match(r"\s*([A-Za-z°%\u4e00-\u9fff]{1,12}(?:/[A-Za-z]+)?)(?=[\s.。,，]|$)", rest[position:])
    unit = behind[1] if behind and _is_unit(behind[1]) else ""
    text = " ".join(rf"\text{{{p}}}" if p in ("and", "or") else p for p in parts)
    return f"{text} {unit}".strip() if unit else text


def _is_unit(word: str) -> bool:
    from r1data.verifiers.math.units import MULTIPLES, is_unit_word

    return is_unit_word(word) or word.lower() in MULTIPLES or word in ("%", "percent")


def _content(match: re.Match[str]) -> str:
    return next(group for group in match.groupdict().values() if group is not None).strip()


def _under_heading(text: str) -> tuple[int, str] | None:
    """`## Answer` on a line of its own, and what stands on the next one."""
    position = 0
    best: tuple[int, str] | None = None
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if HEADING.match(line) and line.strip():
            following = next((one.strip() for one in lines[number + 1 :] if one.strip()), None)
            if following is not None and len(following) <= LONGEST_LINE:
                named = _named(following)
                if named is not None:
                    best = position, named
        position += len(line) + 1
    return best


def _last_line(text: str) -> str | None:
    """The last line, where it is mathematics and nothing else, or concludes with some."""
    lines = [line.strip() for line in text[-LAST_CHARACTERS:].splitlines() if line.strip()]
    if not lines:
        return None
    line = lines[-1]
    if len(line) > LONGEST_CONCLUSION:
        return None
    whole = MATHS_SPAN.fullmatch(line.strip("*").rstrip(".。").strip())
    if whole:
        content = _content(whole)
        return content.rpartition("=")[2].strip() or content if content.count("=") > 1 else content
    if len(line) <= LONGEST_LINE:
        plain = line.strip("*").rstrip(".。").strip()
        if re.fullmatch(r"[-+]?[\d.,/^%\s\\(){}[\]a-zπ√°-]*\d[\d.,/^%\s\\(){}[\]π√°-]*", plain) and len(plain) <= 40:
            return plain
    sentences = [s for s in re.split(r"(?<=[.。!！])\s+|。", line) if s.strip()]
    for pattern in CONCLUDED:
        match = pattern.search(sentences[-1].strip().rstrip(".。").strip()) if sentences else None
        if match:
            rest = match["rest"].strip(TRAILING)
            if "$" in rest.strip("$") and rest.count("$") % 2:
                continue  # it begins in the middle of a formula
            spans = _spans_at_start(rest)
            if spans is not None:
                return spans
            rest = rest.strip("$").strip()
            if re.match(r"[-+\\(\[{$]?\s*[\d\\√π]", rest) and len(rest) <= 60:
                return rest
    return None
