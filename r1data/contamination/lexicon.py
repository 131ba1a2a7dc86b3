"""Lexicon: how much a word says. Two texts that share "of the following" share nothing; two that share "Bathsheba" do.

Three tiers: words that any sentence has, words that any question of mathematics or of an examination has, and all
others. The lists are short on purpose: they only have to hold what unrelated questions have in common.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.texts import CHARACTER, LETTERS, NUMBER, Texts, Words, words_of

FUNCTION_WORDS = """
a an the this that these those it its they them their there he she his her him we us our you your i my me who whom
whose which what when where why how and or but nor not no if then else than as so such both either neither each every
all any some more most many much few less least other another same only just also too very of in on at by to from for
with without into onto out up down over under between among through during before after about above below against per
is are was were be been being am do does did done has have had having can could will would shall should may might must
one two three four five six seven eight nine ten first second third let given say because since while until again
b c d e f g h i j k l m n o p q r s t u v w x y z ll re ve
frac dfrac tfrac sqrt text mathrm mathbb mathbf mathcal operatorname left right cdot cdots ldots dots times div pm mp le
leq ge geq lt gt neq ne equiv approx sim quad qquad begin end array align aligned cases pmatrix bmatrix hline overline
underline widehat hat vec bar to infty in sum prod int lim log ln sin cos tan cot sec csc arcsin arccos arctan circ
angle triangle degree pi theta alpha beta gamma delta epsilon lambda mu sigma phi omega rm bf displaystyle limits boxed
binom dbinom tbinom choose mod pmod bmod gcd lcm max min cup cap subset subseteq setminus forall exists implies iff
mid parallel perp cong lfloor rfloor lceil rceil langle rangle prime star ast hspace vspace asy
"""
COMMON_WORDS = """
find compute calculate determine evaluate solve simplify prove show express answer question problem solution statement
statements following correct incorrect true false best describes described option options choose select consider
suppose assume denote define defined write form value values number numbers total sum difference product quotient ratio
fraction percent percentage average mean median integer integers real rational positive negative nonnegative nonzero
even odd prime primes composite digit digits divisible divides divisor divisors multiple factor factors remainder
divided modulo common greatest largest smallest maximum minimum possible distinct different equal equals unique
exactly ordered pair pairs triple triples tuple sequence series term terms arithmetic geometric set sets subset
subsets element elements function functions polynomial polynomials equation equations inequality expression
coefficient coefficients root roots degree variable variables constant satisfy satisfies satisfying solutions system
linear quadratic cubic continuous differentiable derivative integral limit interval closed open point points line lines
plane segment side sides length lengths width height area perimeter volume surface radius diameter circumference circle
circles sphere triangle triangles square squares rectangle quadrilateral polygon regular angle angles right acute
obtuse isosceles equilateral parallel perpendicular tangent intersect intersects intersection midpoint center vertex
vertices inscribed circumscribed circumcircle incircle hypotenuse leg legs altitude bisector diagonal theorem lemma
proof fermat euler euclid pythagorean pythagoras cauchy schwarz rolle lagrange bezout wilson chinese vieta ceva menelaus
little intermediate fundamental calculus algebra induction hypothesis converges diverges bounded increasing decreasing
monotone sequence compact group ring field order matrix vector space dimension determinant eigenvalue probability
random expected independent event events outcome outcomes dice die coin coins balls ball cards card ways way arrange
arrangements permutations combinations relatively coprime simplest lowest terms reduced m n please step steps think
using use used uses make makes made take takes taken get gets give gives gave put go goes went come comes becomes
called call know known see seen look need needs want wants have having buy buys bought sell sells sold cost costs price
pay paid spend spends start starts begin begins end ends keep keeps remain remains left remaining added add adds
subtract multiply multiplied times time times long large larger small smaller big bigger high higher low lower new old
good better great main most likely primary important certain several different type types kind kinds part parts
whole half twice double people person man woman men women boy girl child children day days hour hours minute minutes
week weeks month months year years mile miles meter meters kilometer kilometers km cm dollar dollars cent cents
amount rate speed distance result results following according example case cases input output line contains return
returns print program code string list array test tests size given note name names word words sentence paragraph
coordinates rectangular polar convert enter array arrays nums target index indices letters letter adjacent boxes box
object objects move moves passage text based information refers list below above next last previous
both together altogether
"""
FUNCTION_CHARACTERS = (
    "的了是在有和与及或若则设已知如果那么为其中每这那它他她我你们不也都就而且对于从到把被让给以所将之下上列哪什么怎样请"
    "问某时可能会要并又再后前内外第一二三四五六七八九十两使得个只些此该即由因故地着过来去吗呢吧啊"
)
COMMON_CHARACTERS = (
    "求数正整实自然角形面积长度点线直圆方程函值大小最多少种共计算证明满足条件解集合质素因倍和差积商余除乘加减等式根项"
    "列边高底半径三平行垂切交弦周体表比例百分率概随机事件次每总人天小时分钟元千米公里厘克关系确错误选择题答案说法"
    "盒球放入锥棱底至存任意常量变单调递增连续导微积定理性奇偶零负号位取当且仅"
)
FUNCTION, COMMON, CONTENT = 0, 1, 2
WORD_WEIGHTS = (2, 5, 10)
CHARACTER_WEIGHTS = (2, 4, 6)
"""A tenth is what a function word says beside a name; a Chinese word has one or two characters."""
NUMBER_WEIGHT = 5
SINGLE_LETTER_BYTES = 1
LONGEST_LABEL = 4


def tiers_of(words: Words, texts: Texts) -> npt.NDArray[np.uint8]:
    """Of each word how rare it is: FUNCTION, COMMON or CONTENT. Numbers are FUNCTION."""
    tiers = np.full(len(words.hashes), CONTENT, np.uint8)
    tiers[np.isin(words.hashes, _hashes(COMMON_WORDS + COMMON_CHARACTERS)) | _label(words, texts)] = COMMON
    single = (words.kinds != CHARACTER) & (words.ends - words.starts <= SINGLE_LETTER_BYTES)
    tiers[single | (words.kinds == NUMBER) | np.isin(words.hashes, _hashes(FUNCTION_WORDS + FUNCTION_CHARACTERS))] = (
        FUNCTION
    )
    return tiers


def _label(words: Words, texts: Texts) -> npt.NDArray[np.bool_]:
    """Words of a few capitals: ABC is a triangle in every other question."""
    sizes = words.ends - words.starts
    labels: npt.NDArray[np.bool_] = (words.kinds == LETTERS) & (sizes <= LONGEST_LABEL)
    for turn in range(LONGEST_LABEL):
        byte = texts.data[np.minimum(words.starts + turn, len(texts.data) - 1)]
        labels &= (turn >= sizes) | ((byte >= ord("A")) & (byte <= ord("Z")))
    return labels


def weights_of(words: Words, tiers: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """How much each word says, in tenths of a word that says something."""
    weights = np.where(words.kinds == CHARACTER, np.array(CHARACTER_WEIGHTS)[tiers], np.array(WORD_WEIGHTS)[tiers])
    return np.where(words.kinds == NUMBER, NUMBER_WEIGHT, weights).astype(np.int32)


@cache
def _hashes(text: str) -> npt.NDArray[np.uint64]:
    return np.unique(words_of(Texts.of(pl.Series([text]))).hashes)
