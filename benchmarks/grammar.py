"""A grammar of sentences for generated traces: millions of different ones, so that no two traces look alike.

`Grammar(language, dice)` makes sentences, code blocks, tables and word problems. A word in capitals in a pattern stands
for a choice. Fixed words in a row are kept few, since they are what unrelated traces would have in common.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

ENGLISH = {
    "C": """So Then Now Hence Therefore Thus Also Next Here Again Besides Anyway Okay Right Well Fine By_the_way
        In_fact Of_course At_this_point For_the_moment Strictly_speaking Looking_closer On_second_thought
        In_other_words As_before To_be_safe Up_to_here Wait,_no Hmm But_wait Let_me_see All_right As_a_check
        Conversely Similarly More_precisely In_particular Put_differently Step_by_step Going_back Otherwise
        Meanwhile Consequently Still Actually Clearly Roughly Perhaps Curiously Once_more At_first_sight""",
    "N": """sum product quotient remainder factor divisor multiple sequence series bound estimate coefficient
        exponent root vertex edge side angle triangle circle radius diameter chord tangent sphere cube prism
        face corner matrix vector row column determinant basis kernel image function graph slope intercept
        maximum minimum derivative integral limit term digit numeral fraction numerator denominator
        percentage ratio proportion average median variance event outcome die coin card urn ball marble box
        drawer shelf book page line word letter train ticket station bridge river island harbour boat barrel
        bottle jug cup spoon plate table chair window door key lock lamp candle rope ladder wall tower
        garden fence tree apple pear orange basket market price discount salary loan interest deposit budget
        invoice worker teacher pupil sister uncle neighbour farmer baker merchant sailor captain knight liar
        truth-teller guard prisoner hat scarf glove coat hour minute week month season battery engine wheel
        pulley spring pendulum lens mirror magnet circuit resistor current voltage loop counter pointer
        index array stack queue heap tree-node string prefix suffix substring palindrome interval schedule
        permutation combination subset partition colouring path cycle tour cut matching flow""",
    "A": """small large even odd positive negative constant linear quadratic cubic regular irregular convex
        hollow solid first second third last previous next middle outer inner upper lower left right red
        blue green black white heavy light short long narrow wide flat steep simple double triple whole
        partial exact rough sharp weak strong obvious hidden missing spare empty full new old cheap costly
        common rare equal unequal sorted cyclic distinct independent random fair crooked finite infinite
        rational irrational prime composite perfect amicable decreasing increasing bounded periodic
        symmetric orthogonal diagonal remaining smaller larger shortest longest cheapest""",
    "V": """exceeds equals divides bounds determines fixes limits doubles halves replaces meets touches crosses
        contains covers follows precedes resembles matches balances outweighs reduces raises changes leaves
        keeps needs uses gives yields implies contradicts explains confirms repeats reverses cancels absorbs
        splits joins""",
    "W": """count compare add subtract multiply divide rewrite expand factor simplify estimate bound draw list
        sort swap check verify test try drop keep mark cross-out replace substitute rearrange group pair
        split halve double recompute inspect trace follow reverse shift rotate reflect weigh measure convert
        round""",
    "P": """of in on under above beside behind inside outside before after between from with without near
        against along through across within beyond""",
    "Q": """because since although unless while if when whenever as even_though provided_that now_that so_that
        only_if""",
    "D": """directly carefully quickly slowly twice again separately together once anew backwards forwards
        mentally symbolically numerically exactly roughly independently alternately first afterwards by_hand
        in_pairs in_turn""",
    "U": """metres kilometres litres grams seconds hours days dollars cents pages steps rounds points degrees
        percent coins stamps tiles bricks seats tickets apples marbles cards bytes cells""",
    "H": """Anna Ben Clara David Emma Felix Grace Henry Ida Jacob Karen Leo Maria Nora Oscar Paula Quentin Rosa
        Simon Tess Ursula Victor Wendy Xavier Yvonne Zachary Amir Bela Chidi Deepa Elif Farah Goran Hana
        Ivan Jun Kofi Lin""",
    "G": """village town school library factory bakery museum theatre stadium airport hospital farm orchard
        vineyard mine quarry lighthouse monastery castle workshop laboratory office warehouse kitchen ferry
        tramway hotel campsite""",
    "T": """sells packs collects carries paints plants bakes delivers counts stacks orders buys repairs prints
        folds""",
}
CHINESE = {
    "C": """所以 因此 于是 然后 接着 另外 此外 同样地 反过来 换句话说 事实上 不过 但是 可是 等一下 再看一遍 首先
        其次 最后 显然 当然 也就是说 仔细想想 这样一来 由此可见 总之 照这样 退一步讲 为了保险 顺便说一下
        相反 否则 看来""",
    "N": """总和 乘积 余数 因数 倍数 数列 上界 系数 指数 顶点 边长 夹角 圆心 半径 弦长 切线 球面 棱柱 矩阵 向量
        行列式 函数 图象 斜率 极值 导数 积分 极限 末项 数字 分子 分母 比例 平均数 中位数 方差 事件 骰子 硬币
        卡片 盒子 抽屉 书架 页码 车票 车站 大桥 小岛 港口 木桶 瓶子 水壶 盘子 桌子 窗户 钥匙 灯泡 绳子 梯子
        围墙 花园 果树 苹果 篮子 市场 单价 折扣 工资 利息 存款 预算 工人 老师 学生 邻居 农民 船长 骑士 守卫
        帽子 手套 小时 星期 季节 电池 齿轮 弹簧 透镜 磁铁 电路 电阻 电流 循环 指针 下标 数组 队列 字符串
        前缀 子串 区间 排列 组合 子集 路径 环路 匹配 流量""",
    "A": """较大的 较小的 偶数的 正的 负的 固定的 线性的 对称的 空心的 第一个 第二个 最后的 中间的 外面的 里面的
        红色的 蓝色的 沉重的 简单的 完整的 部分的 精确的 粗略的 明显的 隐含的 多余的 相等的 有序的 独立的
        随机的 有限的 无限的 互质的 递增的 递减的 有界的 周期的 剩下的 最短的 最长的 便宜的 另一个 每一个
        同样的""",
    "V": """等于 大于 小于 整除 决定 限制 替换 经过 包含 覆盖 跟随 抵消 平衡 减少 增加 改变 保持 需要 推出 说明
        验证 重复 分成 连接 对应 接近 超过 满足 排除 影响""",
    "W": """计算 比较 相加 相减 展开 分解 化简 估计 画出 列举 排序 交换 检查 验证 尝试 去掉 保留 标记 代入 整理
        分组 配对 平分 重算 观察 倒推 平移 旋转 称量 换算""",
    "D": """直接 仔细 很快 慢慢 再次 分别 一起 重新 从后往前 在纸上 用心算 依次 成对 逐个 先""",
    "U": "米 千米 升 克 秒 天 元 页 步 轮 分 度 枚 张 块 个 箱 斤",
    "H": "小明 小红 小华 小丽 小刚 小芳 小军 阿强 老王 老李 张老师 王阿姨 李叔叔 陈师傅 赵同学 孙爷爷",
    "G": "村庄 学校 图书馆 工厂 面包店 博物馆 剧院 体育馆 机场 医院 农场 果园 灯塔 城堡 车间 实验室 仓库 码头 旅馆",
    "T": "卖出 包装 收集 运送 粉刷 种植 烘烤 清点 订购 修理 印刷 折叠",
}
PATTERNS = {
    "math": [
        "C, the A N V its A N, Q every N P # U V FORM.", "Let us W the A N D: FORM.",
        "C we W each N D and get FORM.", "If FORM, the N V some A N.", "The N P this N V # U, Q FORM.",
        "C, suppose the A N V the N; then FORM.", "FORM, and C the A N V # U.",
        "I W the N P # A U, which V FORM.", "Q the N V a N, I may W both D.",
        "Could a A N V the N? D I W it and see FORM.", "C, FORM.", "Its N V # times the A N.",
        "No A N V FORM, Q that N P the N V nothing.", "C I W FORM D, Q its A N V # U.",
        "Once we W the N, FORM.", "Every A N P a A N V the N D, hence FORM.",
        "With FORM the A N V # U P a A N.", "C, which N V FORM? A A one.",
        "My A N was wrong: FORM V it, not # U.", "Take # U and W them D; FORM.", "C, that A N P the N V FORM.",
    ],
    "logic": [
        "C, if H were a A N, then H V the A N.", "H says the N V H, Q H never V a A N.",
        "The A N belongs to H, not H.", "C, the N P H V the A N P H.",
        "Suppose H sits P H; the A N then V # U.", "H and H cannot W the N D.",
        "Only one A N V both H and the N.", "C, clue # V the N P the A N.", "Q H wears the A N, H V # U.",
        "C, H must W a N P H, which V the A N.", "That N V clue #, Q H V the A N D.",
        "C I W H and H D: no A N.", "Either H V the N or the A N V H.", "The N P the A G V H, so H and H W D.",
        "H, H and H W # U P the N.",
    ],
    "code": [
        "C, the A N V the N, so W it D in O(n).", "We W the N P index # and V the A N.",
        "C, this N V # U P memory.", "For an input P # U the A N V the N.", "A A N V every N P the array D.",
        "C, we W `NAME` P the A N.", "`NAME` V the N, Q `NAME` V a A N.", "Q the N V `NAME`, we W the A N D.",
        "An A N P `NAME` V # U D.", "C, the N P step # V the A N.",
        "Does `NAME` V the A N? C, only Q the N V it.", "I W `NAME` D and W the N.",
        "The A N costs # U P the N.", "C, W each N P `NAME`, then W the A N.", "Edge N: a A N P # U V `NAME`.",
    ],
    "zh": [
        "C，A N V A N，一共 # U。", "我们 D W 这个 N，得到 FORM。", "C 把 N 和 N D W，FORM。",
        "如果 FORM，那么 A N V N。", "N 的 N V # U，而 A N V N。", "C，假设 A N V N，则 FORM。",
        "FORM，C A N V # U。", "A N V N 吗？C D W 一下。", "既然 N V A N，就可以 D W N。", "C，FORM。",
        "它的 N 是 A N 的 # 倍。", "没有 A N V N，只有 A N V # U。", "D W A N 以后，N V A N。",
        "每个 N 都 V A N，D W 便知 FORM。", "C H 的 N V H 的 A N。", "H D W 了 # U，比 H 的 N 多。",
        "用 A N D W N，误差不到 # U。", "原来的 N 算错了，应该 W A N：FORM。", "N 越 V，A N 就越 V N。",
        "C，H 把 A N W 成 # U。",
    ],
}  # fmt: skip
STORIES = {
    "en": [
        "H T # U P the A G near a G.", "Each A N costs # U, and the N P H V # more.",
        "A G P the N T # U every N.", "During the A N, H T # A U and H T # more.", "Of these U, # V a A N.",
        "The N between G and G is # U long.", "H gives H # U P a A N.", "One N in # V the A N.",
        "A N P # U rolls D past the G.", "Every # U the N V # of the A U.",
        "H is # years older than H, who T A U.", "The A N holds # U P water.",
    ],
    "zh": [
        "H 在 G T 了 # U N。", "每个 A N 要 # 元，H 的 N 多 # U。", "G 每个 N T # U。",
        "A N 期间，H T # U，H 又 T # U。", "其中有 # U V A N。", "G 到 G 的路长 # 千米。",
        "H 给了 H # U A N。", "每 # 个 N 就有一个 A N。", "H 比 H 大 # 岁。", "A N 里装着 # 升水。",
        "每过 # 分钟，N 就 V # U。",
    ],
}  # fmt: skip
QUESTIONS = {
    "en": [
        "How many U does H have P the N?", "What V the A N, in U?", "How many A N are left P H?",
        "After how many U does the N V the A N?", "How likely V a N the A N?", "Which N V # U?",
    ],
    "zh": [
        "H 一共有多少 U N？", "A N V 多少 U？", "H 还剩多少个 A N？", "经过多少 U，N V A N？",
        "A N 的 N 是多少？",
    ],
}  # fmt: skip
NAMES = """total best left right seen order value limit graph parent depth score count start stop window prefix memo
    queue heap table offset middle answer current previous visited weight cost""".split()
TABLE_HEADS = {"en": ENGLISH["N"].split(), "zh": CHINESE["N"].split()}


def _words(text: str) -> list[str]:
    """Words between spaces; a stroke below stands for a space within a phrase."""
    return [word.replace("_", " ") for word in text.split()]


WORDS = {"en": {key: _words(text) for key, text in ENGLISH.items()},
         "zh": {key: _words(text) for key, text in CHINESE.items()}}  # fmt: skip


class Grammar:
    """Sentences of one language. The same dice make the same sentences."""

    def __init__(self, language: str, dice: random.Random) -> None:
        self.language = language
        self.dice = dice
        self.words = WORDS[language]
        self._glue = "" if language == "zh" else " "
        self._ready: dict[str, list[Callable[[], str]]] = {}

    def sentence(self, kind: str) -> str:
        """A sentence of a domain: math, logic, code or zh."""
        return self._fill(self.dice.choice(PATTERNS[kind]))

    def story(self, sentences: int) -> str:
        """A word problem: so many sentences and a question."""
        told = [self._fill(self.dice.choice(STORIES[self.language])) for _ in range(sentences)]
        return self._glue.join([*told, self._fill(self.dice.choice(QUESTIONS[self.language]))])

    def formula(self) -> str:
        """A formula that holds."""
        return FORMULAS[self.dice.randrange(len(FORMULAS))](self.dice.randint)

    def code(self) -> str:
        """A well-formed block of Python or C++."""
        a, b, c, d = self.dice.sample(NAMES, 4)
        return self.dice.choice(BLOCKS).format(
            a=a, b=b, c=c, d=d, n=self.dice.randint(2, 999), m=self.dice.randint(2, 99)
        )

    def table(self) -> str:
        """A Markdown table of figures."""
        heads = self.dice.sample(TABLE_HEADS[self.language], self.dice.randint(3, 5))
        lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        for _ in range(self.dice.randint(4, 9)):
            lines.append("| " + " | ".join(str(self.dice.randint(1, 500)) for _ in heads) + " |")
        return "\n".join(lines)

    def _fill(self, pattern: str) -> str:
        parts = []
        for piece in _pieces(pattern):
            if piece in self.words:
                parts.append(self.dice.choice(self.words[piece]))
            elif piece == "#":
                parts.append(str(self.dice.randint(2, 990)))
            elif piece == "FORM":
                parts.append(self.formula())
            elif piece == "NAME":
                parts.append(self.dice.choice(NAMES))
            else:
                parts.append(piece)
        text = "".join(parts)
        if self.language == "zh":
            return text.replace(" ", "")
        return text[0].upper() + text[1:]


def _pieces(pattern: str) -> Sequence[str]:
    found = _CUT.get(pattern)
    if found is None:
        found = _CUT[pattern] = [part for part in re.split(r"\b([A-Z]|FORM|NAME)\b|(#)", pattern) if part]
    return found


_CUT: dict[str, list[str]] = {}

Roll = Callable[[int, int], int]


def _sum(roll: Roll) -> str:
    a, b = roll(2, 999), roll(2, 999)
    return f"${a} + {b} = {a + b}$"


def _product(roll: Roll) -> str:
    a, b = roll(2, 99), roll(2, 99)
    return f"${a} \\cdot {b} = {a * b}$"


def _root(roll: Roll) -> str:
    a, b, x = roll(2, 30), roll(1, 99), roll(2, 60)
    return f"${a}x + {b} = {a * x + b}$"


def _quadratic(roll: Roll) -> str:
    p, q = roll(1, 999), roll(1, 999)
    return f"$x^2 - {p + q}x + {p * q} = (x - {p})(x - {q})$"


def _fraction(roll: Roll) -> str:
    a, b, k = roll(1, 30), roll(2, 30), roll(2, 9)
    return f"$\\frac{{{a * k}}}{{{b * k}}} = \\frac{{{a}}}{{{b}}}$"


def _modular(roll: Roll) -> str:
    a, m = roll(50, 999), roll(3, 40)
    return f"${a} \\equiv {a % m} \\pmod{{{m}}}$"


def _binomial(roll: Roll) -> str:
    n = roll(4, 60)
    return f"$\\binom{{{n}}}{{2}} = {n * (n - 1) // 2}$"


def _square(roll: Roll) -> str:
    a = roll(3, 99)
    return f"${a}^2 = {a * a}$"


def _plain(roll: Roll) -> str:
    a, b = roll(100, 999), roll(2, 99)
    return f"{a} - {b} = {a - b}"


FORMULAS: list[Callable[[Roll], str]] = [
    _sum, _product, _root, _quadratic, _fraction, _modular, _binomial, _square, _plain,
]  # fmt: skip
BLOCKS = [
    """```python
def {a}({b}, {c}):
    {d} = {n}
    for item in {b}:
        if item > {c}:
            {d} += item * {m}
    return {d}
```""",
    """```python
{a} = [int(part) for part in input().split()]
{b} = sorted({a}, reverse=True)[:{m}]
print(sum({b}) % {n})
```""",
    """```python
from collections import deque

{a} = deque([({n}, 0)])
{b} = set()
while {a}:
    {c}, {d} = {a}.popleft()
    if {c} in {b}:
        continue
    {b}.add({c})
    if {c} > {m}:
        {a}.append(({c} // 2, {d} + 1))
```""",
    """```cpp
#include <iostream>

int main() {{
    long long {a} = {n};
    for (int {b} = 0; {b} < {m}; ++{b}) {{
        {a} += {b} * {b};
    }}
    std::cout << {a} << "\\n";
    return 0;
}}
```""",
    """```
{a} {n} {m}
{b} {m} {n}
{c} 0 {n}
```""",
]
