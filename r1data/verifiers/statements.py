"""Statements that choose an option letter, or exclude one, in the forms in which models write them."""

from __future__ import annotations

import re

JOINT = r"\s*(?:,\s*and\b|,|、|;|/|&|\+|\band\b|\bor\b|和|与|以?及|还是|或者?)\s*"
NAMED = r"(?:\b(?i:option|choice|letter|statement)s?\s*|选项\s*)?"
GOES_ON = r"(?:because|since|as|and|or|but|with|for|which|not|is|in|from|by|the|due|given|based|while|rather|instead)"
BARE = rf"(?:[B-HJ-Z]|[AI](?!\s+(?!{GOES_ON}\b)[a-z]))"
LETTER = rf"{NAMED}(?:[(\[]\s*(?:[A-Za-z])\s*[)\]]|{BARE}(?![A-Za-z0-9'’]))"
JOINED = rf"{LETTER}(?!\s+(?:is|was|are|were|would|does|do|fails?|can|cannot|has|seems?|looks?)\b)"
HEAD = re.compile(
    rf"[\s:*_\"'“‘`]*(?:(?:(?:most\s+)?likely|probably|definitely|clearly|therefore|thus|then|still|actually|just|simply|both|either)\s+)?"
    rf"(?P<letters>{LETTER}(?:{JOINT}{JOINED}){{0,25}})"
)
NEGATED = re.compile(
    r"(?:\bnot\b|n't\b|\brather than\b|\binstead of\b|\brule out\b|"
    rf"不是|不选|不应选|而不是|而非|而不选|排除)\s*(?:{LETTER})",
    re.IGNORECASE,
)
REJECTS_ALL = re.compile(
    r"\bnone of (?:the |these |those )?(?:given |listed |available )?"
    r"(?:options?|choices?|answers?|alternatives?|them|these|above)?(?: given| listed| above)?"
    r"\s*(?:is|are) (?:right|correct|true|valid)\b"
    r"|(?:所有|全部|[两三四五]个)?(?:选项|答案)都不(?:对|正确|成立)|没有(?:一个)?(?:正确|对)的?(?:选项|答案)",
    re.IGNORECASE,
)
ALL_WRONG = re.compile(r"none of (?:the|these)|(?:以上|上述)?(?:选项)?(?:都|均|皆)不|以上皆非", re.IGNORECASE)
"""An option that says that no other is right."""
STATEMENTS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"\b(?:answers?|options?|choices?)\b"
         r"(?:\s+(?:here|then|choice|option|letter|should|must|would|will|has|to|be)\b){0,4}"
         r"\s*(?:\*\*|__)?\s*(?:is|are|be|=|:|→|->)\s*(?:\*\*|__)?\s*:?(?=(?P<rest>[^\n]{1,300}))", re.I),
        (r"\b(?:I|I'd|I'll|I'm|we|we'll)\s+(?:would\s+|will\s+)?"
         r"(?:choose|chose|pick|picked|select|selected|go with|going with)(?=(?P<rest>[^\n]{1,300}))", re.I),
        (r"\b(?:[Ii]t'?s|[Ii]t is|must be|has to be|[Tt]hat'?s|(?:leaves|leaving)(?: us with)?(?: only)?)"
         rf"(?=(?P<rest>\s+(?i:the\s+)?{LETTER}[^\n]{{0,80}}))", 0),
        (r"\b(?:[Ss]o|[Tt]hus|[Hh]ence|[Tt]herefore)[,:]?"
         rf"(?P<rest>\s+{LETTER}\s*(?:$|[.!*\n]))", re.M),
        (rf"(?P<rest>(?<![A-Za-z0-9]){LETTER}(?:{JOINT}{LETTER}){{1,9}})\s+are\s+(?:both\s+|all\s+)?"
         r"(?:correct|right|true)\b", 0),
        (rf"(?P<rest>(?<![A-Za-z0-9]){LETTER})\s+(?:is|must be|should be|has to be)\s+(?:the\s+|indeed\s+)?"
         r"(?:correct|right|best|answer|true one)\b", 0),
        (r"\b[Oo]nly\s+(?:(?i:option|choice)\s+)?(?P<rest>[(\[]?[A-Z][)\]]?)"
         r"\s+(?:remains?|is left|is possible|works|fits|holds|is consistent|satisfies)\b", 0),
        (r"(?P<rest>(?<![A-Za-z0-9])[(\[]?[A-Z][)\]]?)\s+(?:remains|is (?:the only one|all that is) left)"
         r"(?=\s*(?:$|[.!*\n]))", re.M),
        (rf"(?:只剩下?|只有|仅有?|剩下的?(?:只有)?是?)(?P<rest>\s*{LETTER})(?!\s*(?:不|没|错))", 0),
        (rf"\b[Aa]nswer(?P<rest>\s+{LETTER}\s*(?:$|[.!*\n]))", re.M),
        (r"####(?=(?P<rest>[^\n]{1,300}))", 0),
        (r"(?:答案|结果|正确选项|正确的选项|正确的是)】?\s*(?:应该|应当|应|就)?\s*(?:\*\*)?\s*(?:是|为|选)?\s*(?:\*\*)?\s*[：:]?"
         r"(?=(?P<rest>[^\n。]{1,200}))", 0),
        (r"(?<![不勿未别可供若])(?<!不能|不应|不该|不可|如果|假如|不会)"
         r"(?:故选|应选|选择|选)(?!项)\s*[：:]?(?=(?P<rest>[^\n。]{1,200}))", 0),
        (r"(?P<rest>(?<![A-Za-z0-9])[A-Z](?:\s*[、和与及]\s*[A-Z]){0,9})\s*(?:选项|项)?\s*[都均]?\s*(?:是|为)?"
         r"\s*(?:正确答案|正确的?(?!吗|与|性))", 0),
    )
)  # fmt: skip
"""In each, `rest` begins where the letter should stand."""
