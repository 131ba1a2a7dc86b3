"""Cues: words by which a checker knows what a sentence does, in English and Chinese. One table for each language."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cues:
    """What is looked for in texts of one language."""

    we: re.Pattern[str]
    """The writer as a group."""
    me: re.Pattern[str]
    """The writer as a person."""
    beginning: re.Pattern[str]
    """Somebody works out what is asked and what is known."""
    reflection: re.Pattern[str]
    """Somebody looks back and checks."""
    mentions_thought: re.Pattern[str]
    """A solution speaks of the thought that came before it."""
    preamble: re.Pattern[str]
    """A solution that begins with a word to the reader."""


ENGLISH = Cues(
    we=re.compile(r"\b(?:[Ww]e|us|[Oo]urs?|[Oo]urselves|[Ll]et['’]s)\b"),
    me=re.compile(r"\b(?:I|[Mm]e|[Mm]y|[Mm]ine|[Mm]yself)\b"),
    beginning=re.compile(
        r"\b(?:question|problem|puzzle|task|exercise|asks?|asked|asking|wants?|wanted|given|gives|told|tells|needs?|"
        r"needed|find|figure out|work out|looking for|supposed to|have to|understand|means|know|known)"
        r"\b",
        re.IGNORECASE,
    ),
    reflection=re.compile(
        r"\b(?:check(?:s|ed|ing)?|double-check|verif(?:y|ies|ied|ying)|confirm(?:s|ed|ing)?|wait|hold on|make sure|"
        r"making sure|re-?read|re-?examine|look(?:ing)? back|go(?:ing)? back|sanity|another way|other way|in reverse|"
        r"plug(?:ging)? (?:it |this |that |them )?(?:back )?in|substitut(?:e|ing) back|on second thought|actually|hmm|"
        r"does (?:this|that|it) (?:make sense|hold|fit|match|work)|test(?:s|ed|ing)? (?:it|this|that|with))\b",
        re.IGNORECASE,
    ),
    mentions_thought=re.compile(
        r"</?think>|\b(?:thought process|chain of thought|thinking process|(?:my|these|those|given|above|previous|"
        r"earlier|internal) (?:thoughts?|thinking|reasoning)|the (?:thought|thinking|reasoning) (?:above|process|"
        r"shows?|says?|states?)|thinking (?:section|block|part)|as I (?:thought|reasoned|figured)|I was thinking|"
        r"in my head)\b",
        re.IGNORECASE,
    ),
    preamble=re.compile(
        r"(?:sure|okay|ok|certainly|of course|alright|great|absolutely|here(?:['’]s| is| are))\b", re.IGNORECASE
    ),
)
CHINESE = Cues(
    we=re.compile(r"我们|咱们|咱"),
    me=re.compile(r"我(?!们)"),
    beginning=re.compile(
        r"题|问|要求|求出|求的|需要|已知|给定|给出|给了|条件|理解|意思|想知道|要找|要算|先看|首先|先弄清"
    ),
    reflection=re.compile(
        r"检查|检验|验证|验算|核对|核实|确认|等等|等一下|再看|再想|再算|重新|回头|回过头|反过来|倒过来|换个|换一种|"
        r"代回|代入原|是否合理|对不对|不对|说得通|复查|仔细想"
    ),
    mentions_thought=re.compile(
        r"</?think>|思考过程|思维过程|思维链|(?:上面|上述|以上|前面|之前|刚才)的?(?:思考|推理|思路|想法)|"
        r"我的(?:思考|推理|思路|想法)|我(?:刚才|之前)想|思考部分"
    ),
    preamble=re.compile(r"好的|当然|没问题|以下是|下面是|这是|好，"),
)
CUES = {"en": ENGLISH, "zh": CHINESE}
