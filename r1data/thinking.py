"""Which general prompts get reasoning: a stated rule, for English and Chinese.

R1's authors had a model write a chain of thought for some of the general prompts and none for simple ones such as a
greeting (R1 paper, B.3.3); by which rule they do not say. Ours is: a reply gets a thought where an able person would
have to weigh, check or arrange something before writing. It is told from the text alone, by the clauses below; the
first one that holds decides, and its name is the reason. What no clause knows goes by the category, and by length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas import Message

VERSION = 1
"""Raised whenever the rule may say something else."""
SHORT, LONG = 12, 45
"""Words of a question that is short, and of one that is long whatever it asks; a Chinese character is 2/3 of a word."""
MANY_DEMANDS = 2


@dataclass(frozen=True, slots=True)
class Thinking:
    """Whether a reply should think, and the clause that says so."""

    needed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A prompt as the clauses see it. `text` is the last turn, `scene` the system's turn, `turns` counts the user's."""

    text: str
    category: str | None
    scene: str
    turns: int

    @property
    def words(self) -> float:
        return words_in(self.text)

    @property
    def demands(self) -> int:
        return demands_in(self.text)


def needs_thinking(question: str, category: str | None = None, *, scene: str = "", turns: int = 1) -> Thinking:
    """Whether the reply to a prompt should think.

    `question` is the last turn of the user, `scene` what a system turn says, `turns` how many turns the user has had.
    """
    asked = _Asked(question.strip(), category, scene, turns)
    for name, needed, holds in CLAUSES:
        if holds(asked):
            return Thinking(needed, name)
    by_length = asked.words > LONG / 2
    return Thinking(by_length, "long" if by_length else "short")


def by_rule(messages: Sequence[Message], category: str | None) -> Thinking:
    """The same of a whole conversation, which ends with the user's turn."""
    scene = next((turn.content for turn in messages if turn.role == "system"), "")
    turns = sum(turn.role == "user" for turn in messages)
    return needs_thinking(messages[-1].content, category, scene=scene, turns=turns)


def words_in(text: str) -> float:
    """Length of a text in words; a Chinese character counts for two thirds of one."""
    han = len(_HAN.findall(text))
    return len(_WORD.findall(text)) + han * 2 / 3


def demands_in(text: str) -> int:
    """How many kinds of demands a text makes of its reply: length, form, content, style, what to leave out."""
    return sum(pattern.search(text) is not None for pattern in DEMANDS)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\u3400-\u9fff]+(?:['’-][^\W\u3400-\u9fff]+)*")

COURTESY = _any(
    r"(?:hello|hi|hey|hiya|greetings|good (?:morning|afternoon|evening|night|day)|welcome"
    r"|how are you(?: doing)?(?: today)?"
    r"|how(?:'s| is) it going|what'?s up|nice to (?:meet|see) you|happy \w+(?: year)?|merry christmas"
    r"|thanks?(?: you)?(?: so much| very much| a lot| again)?|thx|cheers|much appreciated|sorry|no problem"
    r"|you'?re welcome"
    r"|bye(?:-bye)?|goodbye|see you(?: \w+)?|take care|have a (?:nice|good|great) \w+"
    r"|ok(?:ay)?|got it|i see|sounds good|great|perfect|cool|alright|sure|yes|no)",
)
COURTESY_ZH = _any(
    r"你好|您好|大家好|嗨|哈喽|喂|早上好|早安|上午好|中午好|下午好|晚上好|晚安|在吗|在不在|最近(?:好吗"
    r"|怎么样)|今天过得怎么样|你?吃了吗"
    r"|谢谢|多谢|感谢|辛苦了|麻烦你?了|不客气|没关系|没问题|对不起|抱歉|再见|拜拜|回头见|明天[见聊]"
    r"|新年快乐|节日快乐|生日快乐|恭喜"
    r"|好的|好吧|好啊|嗯+|行|明白了?|知道了|收到|很高兴认识你|幸会",
)
FILLERS = _any(
    r"\b(?:there|everyone|all|friend|my|dear|for|everything|your|the|help|that|this|it|helped|and|so|much"
    r"|today|tomorrow|again"
    r"|to|you|me|i|am|was|very|really|nice|later|soon|very)\b|[\W_]+"
    r"|[你您我的了吧啊呀呢哦们大家帮助一下都很太真非常]",
)

ITSELF = _any(
    r"\b(?:are|were|do|did|can|could|will|would|have|has|does) (?:you|your)\b",
    r"\bwho (?:are|made|created|built|trained|developed) you\b",
    r"\b(?:what|which|how|where|when|why) (?:\w+ ){0,3}(?:are|do|can|made|created|built|trained|developed"
    r"|were) you\b",
    r"\byour (?:name|maker|creator|age|purpose|model|training|knowledge)\b",
    r"\bintroduce yourself\b|\babout yourself\b",
    r"你(?:是|叫|能|会|有没有|有|可以|知道自己|多大|几岁|来自|和|跟|由|怎么|为什么|的)",
    r"介绍.{0,4}你自己|自我介绍",
)

DEMANDS = (
    # how long
    _any(
        r"\b(?:at (?:least|most)|under|over|about|around|exactly|no more than|less than|fewer than|up to"
        r"|within|in) (?:\d+|two|three|four|five|six"
        r"|seven|eight|ten|twenty|fifty|a hundred) (?:\w+ )?(?:words?|sentences?|lines?|paragraphs?|characters"
        r"|steps|points|bullets?)\b",
        r"(?:不少于|不超过|至少|最多|大约|控制在|以内|左右|限).{0,6}[字句段行条]"
        r"|[一二两三四五六七八九十百千\d]+[多来]?[字句段行](?:以内|左右|以上|的)",
    ),
    # in which form
    _any(
        r"\b(?:rhym\w+|haiku|sonnet|acrostic|limerick|bullet points?|numbered list|table|json|markdown"
        r"|headings?|format|every (?:line|sentence|paragraph))\b",
        r"押韵|七言|五言|绝句|律诗|对仗|表格|列表|分点|格式|每[一]?[行句段]|列出.{0,6}[条点]",
    ),
    # what must be in it
    _any(
        r"\b(?:must|has to|have to|needs? to|should (?:contain|include|mention|end|begin|start)|includ(?:e"
        r"|ing)|contain|mention|make sure"
        r"|ending? with|begin with|start with|keep(?:ing)? (?:the|all|every|its)|i want|explain every)\b",
        r"必须|要求|需要|包含|包括|提到|要有|要写|说明|结尾|开头|保留|同时|还要|也要|至少.{0,3}[个两]",
    ),
    # in which tone, for whom
    _any(
        r"\b(?:formal|informal|polite|friendly|humorous|serious|tone|style|voice|in the style of|for (?:a "
        r"|an )?(?:\w+ )?(?:audience|readers|children|buyers|beginners)"
        r"|so that a|as if)\b",
        r"语气|风格|口吻|正式|幽默|适合|面向|让.{0,8}(?:看懂|听懂|明白)",
    ),
    # what must not be in it
    _any(
        r"\b(?:without|do not|don't|never|avoid|no \w+ allowed|but not|except)\b", r"不要|不能|不得|避免|不许|禁止|不用"
    ),
    # several things at once
    _any(
        r"\b(?:first|then|after that|finally|and then|before you)\b.*\b(?:then|second|next|finally|go on)\b",
        r"[;；].*[;；]|先.{2,}再|并且?(?:说明|解释|给出|分析|指出|提出)",
    ),
)

COMPARISON = _any(
    r"\bcompar(?:e|ed|ing|ison)\b|\bversus\b|\bvs\.?\b|\bdifferences? between\b|\bhow (?:do|does|is"
    r"|are) .{2,60}\bdiffer|\bpros and cons\b",
    r"\b(?:dis)?advantages\b|\btrade-?offs?\b|\b(?:is|are) it (?:better|worth)|\bwhich (?:one )?(?:is|are"
    r"|would be) (?:better|easier|best|cheaper|safer)\b",
    r"\bin the order of\b|\bin order of\b|\brank\b|\bsort\b|\bput (?:these|them|the following)\b",
    r"比较|对比|区别|不同之处|异同|优缺点|利弊|优劣|哪个更|哪一个更|更适合|更好|更划算|怎么选|如何选择"
    r"|还是.{1,12}(?:好|合适|划算)|排列|排序|从[大高早]到",
)
PLANNING = _any(
    r"\b(?:make|create|draw up|write|set up|draft|design|develop|give me|suggest) (?:me )?(?:an? |the "
    r"|our |my )?(?:[\w-]+ ){0,4}(?:plan|schedule|programme|program|itinerary|timetable|strategy"
    r"|roadmap|agenda|budget|curriculum|routine)\b",
    r"^plan\b|\bhelp me (?:plan|organi[sz]e|prepare|decide|choose)\b|\bhow (?:should|would|can|could"
    r"|do) (?:i|we|you) (?:prepare|plan|spend|organi[sz]e|start|save|learn)\b",
    r"计划|规划|方案|日程|行程|安排|预算|策略|怎么准备|如何准备|步骤",
)
REPAIR = _any(
    r"```",
    r"\b(?:debug|refactor|optimi[sz]e|bug|stack ?trace|traceback|error message|exception|code review"
    r"|unit tests?|fails?|crash\w*|memory leak|renders twice)\b",
    r"报错|调试|重构|优化|修复|漏洞|单元测试|代码审查|崩溃|内存泄漏|出错",
)
CALCULATION = _any(
    r"\bhow (?:many|much)\b.*\d.*\d|\d.*\d.*\bhow (?:many|much)\b|\bcalculate\b|\bprove\b|\bsolve\b"
    r"|\bif (?:a|an|the|i|you|all) .+\bhow\b",
    r"\d.*\d.*(?:多少|几[个天元只])|计算|证明|求解|一共.*多少",
)
EXPLANATION = _any(
    r"\bwhy\b|\bexplain\b|\bhow (?:does|do|did|has|have|is|are|can|could|would) .{4,}|\bcauses? of\b"
    r"|\bwhat (?:would|could) happen\b|\bevaluate\b|\banaly[sz]e\b|\bargue\b|\bdiscuss\b",
    r"为什么|为何|解释|是怎样|是如何|怎么会|如何影响|原因|原理|怎么.{0,6}(?:工作|运作)|能飞|分析|论述|谈谈"
    r"|如果.{3,}(?:会|怎)",
)
LOOKUP = _any(
    r"^(?:and |so |please |tell me |can you tell me |do you know )*(?:what(?:'s| is| are| was| were| does"
    r"| do| did)?|who(?:'s| is| was)?|when|where|which|in (?:which|what)|how (?:many|much|tall|old|long"
    r"|far|big|high|deep|fast|often)|name|define|spell|list|is|are|was|does|did)\b",
    r"谁|哪[里儿个一位年座种国家条]|什么|多少|几[个月年岁点天]?|多[长高大远久深快]|是不是|吗[？?]?$|叫什么|意思",
)
SMALL_WRITING = _any(
    r"\b(?:a|one|two|single|short|another) (?:\w+[- ])?(?:joke|haiku|sentence|title|name|word|slogan"
    r"|synonym|line|riddle|wish|greeting|toast|couplet|line poem|line rhyme|caption)\b",
    r"\b(?:synonym|antonym|spelling|spell|grammar|capitali[sz]e|punctuat\w+)\b|^make this (?:sentence|text)",
    r"笑话|一句|造[一个]*句|起[一个]*[名网标]|取[一个]*名|近义词|反义词|错别字|谜语|口号|祝福语|改成",
)
TRANSLATE = _any(
    r"\btranslat\w+|\bhow do you say\b|\bwhat is .+ in (?:english|chinese|german|french|spanish|japanese|italian)\b",
    r"翻译|译成|用.文怎么说",
)
LITERARY = _any(
    r"\bpoem\b|\bverse\b|\bpuns?\b|\brhyme|\bidiom|\blyrics\b|\bcontract\b", r"诗|押韵|双关|成语|歌词|合同|文言"
)

QUICK, WEIGHED = ("self_cognition", "factual_qa", "translation"), ("open_questions", "software_engineering")


def _is_courtesy(asked: _Asked) -> bool:
    """Nothing is left of it but fillers when its greetings and thanks are taken out."""
    if asked.words > 2 * SHORT:
        return False
    rest = COURTESY_ZH.sub("", COURTESY.sub("", asked.text))
    return rest != asked.text and not FILLERS.sub("", rest)


def _is_about_itself(asked: _Asked) -> bool:
    if asked.category == "self_cognition":
        return asked.demands < MANY_DEMANDS
    return (
        asked.category is None
        and asked.words <= SHORT
        and ITSELF.search(asked.text) is not None
        and not (EXPLANATION.search(asked.text) or COMPARISON.search(asked.text))
    )


def _is_translation(asked: _Asked) -> bool:
    return asked.category == "translation" or TRANSLATE.search(asked.text) is not None


def _is_small_translation(asked: _Asked) -> bool:
    return (
        _is_translation(asked) and asked.words <= 2 * SHORT and asked.demands == 0 and not LITERARY.search(asked.text)
    )


def _is_small_writing(asked: _Asked) -> bool:
    small = asked.words <= 1.5 * SHORT and SMALL_WRITING.search(asked.text) is not None
    return asked.category in ("writing", None) and small and asked.demands <= 1


def _is_small_talk(asked: _Asked) -> bool:
    """A line to a role that has no scene to keep in mind."""
    short = asked.words <= 1.5 * SHORT and words_in(asked.scene) <= LONG
    return asked.category == "role_play" and short and asked.demands == 0 and not PLANNING.search(asked.text)


def _is_lookup(asked: _Asked) -> bool:
    return (
        asked.category not in ("writing", "open_questions", "role_play")
        and asked.words <= 2 * SHORT
        and (LOOKUP.search(asked.text) is not None)
    )


def _says(pattern: re.Pattern[str]) -> Callable[[_Asked], bool]:
    return lambda asked: pattern.search(asked.text) is not None


def _in(*categories: str) -> Callable[[_Asked], bool]:
    return lambda asked: asked.category in categories


CLAUSES: tuple[tuple[str, bool, Callable[[_Asked], bool]], ...] = (
    ("greeting", False, _is_courtesy),
    ("about_itself", False, _is_about_itself),
    ("repair", True, _says(REPAIR)),
    ("small_talk", False, _is_small_talk),
    ("short_translation", False, _is_small_translation),
    ("short_text", False, _is_small_writing),
    ("several_demands", True, lambda asked: asked.demands >= MANY_DEMANDS),
    ("comparison", True, _says(COMPARISON)),
    ("planning", True, _says(PLANNING)),
    ("calculation", True, _says(CALCULATION)),
    ("explanation", True, _says(EXPLANATION)),
    ("long", True, lambda asked: asked.words > LONG),
    ("translation", True, _is_translation),
    ("lookup", False, _is_lookup),
    ("weighed", True, _in(*WEIGHED)),
    ("text", True, _in("writing")),
    ("scene", True, _in("role_play")),
    ("plain", False, _in(*QUICK)),
)
"""The clauses in their order: name, whether a reply thinks where it holds, and when it does."""
