"""Moments: dates and times of day, in the forms that English and Chinese write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

MONTHS = {name: n for n, name in enumerate(
    "january february march april may june july august september october november december".split(), start=1
)}  # fmt: skip
MONTH = "|".join([*MONTHS, *(name[:3] for name in MONTHS)])
DATES = (
    re.compile(rf"(?P<month>{MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s*,?\s*(?P<year>\d{{4}}))?", re.I),
    re.compile(
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{MONTH})\.?(?:\s*,?\s*(?P<year>\d{{4}}))?", re.I
    ),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?:(?P<year>\d{4})\s*年\s*)?(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]"),
)
TIMES = (
    re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})\s*(?P<half>[ap]\.?\s*m\.?)?", re.I),
    re.compile(r"(?P<half>上午|下午|早上|晚上|凌晨|中午)\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})"),
    re.compile(r"(?P<hour>\d{1,2})\s*(?P<half>[ap]\.?\s*m\.?)", re.I),
    re.compile(
        r"(?P<half>上午|下午|早上|晚上|凌晨|中午)?\s*(?P<hour>\d{1,2})\s*[点时]\s*(?:(?P<minute>\d{1,2})\s*分?|(?P<thirty>半)|整)?"
    ),
)
NOON = {"noon": 720, "midnight": 0, "正午": 720, "中午": 720, "午夜": 0}
ABOUT_TIME = re.compile(
    r"what time|at which time|time of day|o'clock|clock|arrive|depart|几点|什么时候|时刻|何时", re.I
)
WRAPPED = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date (year or None, month, day), or minutes since midnight with whether morning or evening was said."""

    parts: tuple[int | None, ...]
    marked: bool


def date_of(text: str) -> Moment | None:
    """The date that a text is and nothing else."""
    text = _plain(text)
    for pattern in DATES:
        if match := pattern.fullmatch(text):
            month = match["month"].lower()
            number = int(month) if month.isdigit() else next(n for name, n in MONTHS.items() if name.startswith(month))
            year = int(match["year"]) if match["year"] else None
            return Moment((year, number, int(match["day"])), True)
    return None


def time_of(text: str) -> Moment | None:
    """The time of day that a text is and nothing else."""
    text = _plain(text)
    if text.lower() in NOON:
        return Moment((NOON[text.lower()],), True)
    for pattern in TIMES:
        if match := pattern.fullmatch(text):
            groups = match.groupdict()
            hour, minute = int(match["hour"]), int(groups.get("minute") or (30 if groups.get("thirty") else 0))
            half = (groups.get("half") or "").lower().replace(".", "").replace(" ", "")
            if hour > 24 or minute > 59:
                return None
            if half in ("pm", "下午", "晚上", "中午") and hour < 12:
                hour += 12
            if half in ("am", "上午", "早上", "凌晨") and hour == 12:
                hour = 0
            return Moment((60 * hour + minute,), bool(half) or hour > 12 or match["hour"].strip("0") == "")
    return None


def same_moment(reference: str, answer: str, question: str | None) -> bool | None:
    """Whether two texts name the same date or time of day; None where the reference names neither for sure."""
    date = date_of(reference)
    if date is not None:
        other = date_of(answer)
        if other is None:
            return None
        return date.parts[1:] == other.parts[1:] and (None in (date.parts[0], other.parts[0]) or date == other)
    time = time_of(reference)
    if time is None:
        return None
    other = time_of(answer)
    asked = bool(ABOUT_TIME.search(question or ""))
    if other is None:
        return False if asked and re.search(r"\\frac|/|:", answer) else None
    if not (asked or time.marked or other.marked or not _is_ratio(reference) or not _is_ratio(answer)):
        return None
    if time.marked and other.marked:
        return time.parts == other.parts
    return (time.parts[0] or 0) % 720 == (other.parts[0] or 0) % 720


def _is_ratio(text: str) -> bool:
    return ":" in text


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", WRAPPED.sub(r" \1 ", text.replace("{:}", ":"))).strip().strip(".$")
