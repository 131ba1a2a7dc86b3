"""Generate large realistic inputs with known truth: replies of 19 KB with planted flaws, twins and benchmark items.

    python benchmarks/traces.py --rows 20000 --out FOLDER [--seed S]

Writes `traces.parquet` (id, prompt, response, reference, verifier, language, finish_reason; row groups of 500, zstd),
`benchmarks.jsonl` (id, text, solution: what nothing may be taken from) and, apart from them, `labels.parquet`: what was
done to each row. Lengths are log-normal, 2 to 60 KB. The same seed makes the same rows, whatever the number of rows.

A row has at most one flaw. Copies come after what they copy, which is always a clean row.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from grammar import WORDS, Grammar
from math_verdicts import answers

ROWS_A_GROUP = 500
PROCESSES = 2
MIDDLE_BYTES, SPREAD, LEAST_BYTES, MOST_BYTES = 17_000, 0.5, 2_000, 60_000
ITEMS = 1_000
REACH = 20_000
"""How many rows back the original of a copy may lie."""
DOMAINS = (("math", 0.45), ("code", 0.2), ("logic", 0.15), ("zh", 0.2))
POOL = {"math": 30_000, "code": 20_000, "logic": 20_000, "zh": 30_000}
"""Sentences of each domain that a process keeps ready: a trace takes two hundred of them."""
RATES = {
    "mixed_language": 0.05, "long_paragraph": 0.05, "messy_code": 0.04, "repetition": 0.05, "truncated": 0.04,
    "format": 0.04, "incorrect": 0.12, "duplicate": 0.05, "contaminated": 0.03,
}  # fmt: skip
FLAWS = ("", *RATES)
VARIANTS = {
    "mixed_language": ("light/word", "light/sentence", "light/european", "heavy/paragraph", "heavy/many"),
    "long_paragraph": ("light", "light/wrapped", "heavy"),
    "messy_code": ("light/unparsed", "light/unclosed", "heavy/loose", "heavy/prose"),
    "repetition": ("light/paragraph", "light/tail", "heavy/tail", "heavy/rounds"),
    "truncated": ("light/sentence", "heavy/formula", "heavy/thought", "heavy/length"),
    "format": ("light/token", "light/disagrees", "heavy/no-tags", "heavy/two-blocks", "heavy/no-answer"),
    "incorrect": ("wrong",),
    "duplicate": ("exact", "exact", "near-1", "near-2", "near-3", "near-5"),
    "contaminated": ("verbatim", "renumbered", "reworded", "embedded", "in-thought", "solution"),
    "": ("", "", "", "", "", "", "names", "quotation", "table", "poem", "cases", "numbers", "terms", "aligned",
         "paragraph", "code", "boilerplate"),
}  # fmt: skip
EUROPEAN = (
    "Il faut donc changer le sens de l'inégalité avant de continuer le calcul.",
    "On voit maintenant que la somme des deux termes est toujours un nombre pair.",
    "Jetzt müssen wir noch zeigen, dass es keine andere Lösung geben kann.",
    "Die Summe der beiden Zahlen ist also immer durch drei teilbar.",
    "Ahora tenemos que calcular el perímetro de la figura que queda.",
    "Por lo tanto, el resultado no puede ser mayor que el primer número.",
    "Теперь нужно найти высоту треугольника, и задача будет решена.",
    "Следовательно, это число не может быть больше первого.",
)
BOILERPLATE = (
    "Give your answer as a single integer between 0 and 999 inclusive and explain every step.",
    "Please reason step by step, and put your final answer within \\boxed{}.",
)
NAMES_IN_HAN = ("李明", "王芳", "赵敏", "陈伟", "刘洋", "张丽", "周杰", "吴静")
TERMS = ("dynamic programming", "BFS", "hash table", "Python", "list", "Union Find", "GCD", "Alice", "iPhone", "SQL")


@dataclass(frozen=True)
class Truth:
    """What is done to each row, decided for all of them beforehand."""

    flaws: np.ndarray
    """Places in FLAWS."""
    variants: np.ndarray
    """Numbers to take a variant by."""
    twins: np.ndarray
    """The row that a copy copies, -1 for the others."""
    prompts: np.ndarray
    """Rows of one number are draws of one prompt."""

    @classmethod
    def of(cls, rows: int, seed: int) -> Truth:
        """Decide. The first rows do not depend on how many there are."""
        size = -(-rows // 100_000) * 100_000
        parts = [cls._decided(seed, start, min(100_000, size - start)) for start in range(0, size, 100_000)]
        flaws, variants, draws, fresh = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        clean = np.flatnonzero(flaws == 0)
        twins = np.full(size, -1)
        for row in np.flatnonzero(flaws == FLAWS.index("duplicate")):
            low, high = np.searchsorted(clean, (max(0, row - REACH), row))
            if high > low:
                twins[row] = clean[low + int(draws[row] * (high - low))]
            else:
                flaws[row] = 0
        return cls(flaws[:rows], variants[:rows], twins[:rows], np.cumsum(fresh)[:rows])

    @staticmethod
    def _decided(seed: int, start: int, size: int) -> tuple[np.ndarray, ...]:
        dice = np.random.default_rng([seed, start])
        shares = [1 - sum(RATES.values()), *RATES.values()]
        return (dice.choice(len(FLAWS), size, p=shares).astype(np.int8), dice.integers(0, 1 << 30, size),
                dice.random(size), dice.random(size) < 0.5)  # fmt: skip

    def flaw(self, row: int) -> str:
        """The row's flaw, empty for a clean one."""
        return FLAWS[self.flaws[row]]

    def variant(self, row: int) -> str:
        """Which kind of it."""
        choice = VARIANTS[self.flaw(row)]
        return choice[self.variants[row] % len(choice)]


def items(seed: int) -> list[dict[str, str]]:
    """The benchmark: word problems with solutions, one in six of them Chinese."""
    made = []
    for number in range(ITEMS):
        language = "zh" if number % 6 == 5 else "en"
        dice = random.Random(f"{seed} item {number}")
        grammar = Grammar(language, dice)
        glue = "" if language == "zh" else " "
        text = grammar.story(dice.randint(3, 5))
        if language == "en" and number % 20 == 0:
            text += f" {BOILERPLATE[0]}"
        kind = "zh" if language == "zh" else "math"
        solution = glue.join(grammar.sentence(kind) for _ in range(dice.randint(3, 6)))
        made.append({"id": f"item-{number}", "text": text, "solution": solution})
    return made


class Writer:
    """Makes rows. Each process has one; the sentences and the items are the same in all."""

    def __init__(self, rows: int, seed: int) -> None:
        self.seed = seed
        self.truth = Truth.of(rows, seed)
        self.items = items(seed)
        self.grammars = {
            kind: Grammar("zh" if kind == "zh" else "en", random.Random(f"{seed} {kind}")) for kind in POOL
        }
        self.pools = {kind: [self.grammars[kind].sentence(kind) for _ in range(many)] for kind, many in POOL.items()}
        self.mean = {kind: sum(len(one.encode()) for one in pool[:5000]) / 5000 for kind, pool in self.pools.items()}

    def rows(self, start: int, end: int) -> tuple[pa.Table, list[dict[str, object]]]:
        """Rows and what was done to them."""
        made, labels = [], []
        for number in range(start, end):
            row, domain = self.row(number)
            made.append(row)
            twin = int(self.truth.twins[number])
            labels.append({"id": row["id"], "domain": domain, "flaw": self.truth.flaw(number),
                           "variant": self.truth.variant(number), "twin": None if twin < 0 else str(twin)})  # fmt: skip
        return pa.Table.from_pylist(made, SCHEMA), labels

    def row(self, number: int) -> tuple[dict[str, str], str]:
        """One row and its domain."""
        flaw, variant = self.truth.flaw(number), self.truth.variant(number)
        if flaw == "duplicate":
            row, domain = self.row(int(self.truth.twins[number]))
            row["id"] = str(number)
            if variant != "exact":
                dice = random.Random(f"{self.seed} {number}")
                row["response"] = _edited(row["response"], row["language"], int(variant[-1]) / 100, dice)
            return row, domain
        draw = _Draw(self, number, flaw, variant)
        return draw.row(), draw.domain


class _Draw:
    """One row in the making."""

    def __init__(self, writer: Writer, number: int, flaw: str, variant: str) -> None:
        self.writer, self.number, self.flaw, self.variant = writer, number, flaw, variant
        self.dice = random.Random(writer.seed << 32 | number)
        asked = random.Random(f"{writer.seed} prompt {writer.truth.prompts[number]}")
        self.domain = asked.choices([name for name, _ in DOMAINS], [share for _, share in DOMAINS])[0]
        self.language = "zh" if self.domain == "zh" else "en"
        self.glue = "" if self.language == "zh" else " "
        self.reference, self.right, self.wrong = answers(asked)
        self.prompt = Grammar(self.language, asked).story(asked.randint(2, 5))
        self.pool = writer.pools[self.domain]

    def row(self) -> dict[str, str]:
        """Put the parts together and the flaw into them."""
        thought, finish = self.thought(), "stop"
        said = self.wrong if self.flaw == "incorrect" else self.right
        closing, answer = self.closing(said)
        match self.flaw:
            case "mixed_language":
                thought = self.mixed(thought)
            case "long_paragraph":
                thought = self.insert(thought, self.wall())
            case "messy_code":
                thought = self.insert(thought, self.messy())
            case "repetition":
                thought = self.repeating(thought)
            case "contaminated":
                thought = self.contaminated(thought)
            case "":
                thought = self.hard(thought)
        text = f"<think>\n{thought}\n\n{closing}\n</think>\n\n{answer}"
        if self.flaw == "truncated":
            text, finish = self.cut(thought, text)
        elif self.flaw == "format":
            text = self.disorder(thought, closing, text)
        return {"id": str(self.number), "prompt": self.prompt, "response": text, "reference": self.reference,
                "verifier": "math", "language": self.language, "finish_reason": finish}  # fmt: skip

    def thought(self) -> str:
        """Sentences in short paragraphs, with code and tables where the domain has them."""
        size = min(max(self.dice.lognormvariate(math.log(MIDDLE_BYTES), SPREAD), LEAST_BYTES), MOST_BYTES)
        many = int(size / (3 * self.writer.mean[self.domain] + 4)) + 1
        pool, glue = self.pool, self.glue
        starts = self.dice.choices(range(len(pool) - 6), k=many)
        text = "\n\n".join(
            [glue.join(pool[at : at + length]) for at, length in zip(starts, self._lengths(many), strict=True)]
        )
        if self.domain == "code" and self.dice.random() < 0.3:
            text = self.insert(text, Grammar("en", self.dice).code())
        return text

    def _lengths(self, count: int) -> list[int]:
        """Sentences in each paragraph, three on average."""
        return self.dice.choices((1, 2, 3, 4, 5), k=count)

    def closing(self, said: str) -> tuple[str, str]:
        """The end of the thought and the answer."""
        shown = said if said.replace(",", "").isdigit() else f"${said}$"
        if self.language == "zh":
            return f"所以答案是{shown}。", f"{self.dice.choice(self.pool)}因此答案是$\\boxed{{{said}}}$。"
        return f"So the answer is {shown}.", f"{self.dice.choice(self.pool)} The answer is $\\boxed{{{said}}}$."

    def insert(self, text: str, passage: str) -> str:
        """A passage between two paragraphs."""
        at = text.find("\n\n", self.dice.randint(0, len(text) * 9 // 10))
        return f"{text}\n\n{passage}" if at < 0 else f"{text[:at]}\n\n{passage}{text[at:]}"

    def sentences(self, count: int, domain: str | None = None) -> str:
        """Some in a row."""
        domain = domain or self.domain
        return ("" if domain == "zh" else " ").join(self.dice.choices(self.writer.pools[domain], k=count))

    def mixed(self, text: str) -> str:
        """Another language in the thought."""
        other = "math" if self.language == "zh" else "zh"
        match self.variant.partition("/")[2]:
            case "word":
                words = (
                    ("Therefore, we get", "But wait,", "because of the")
                    if other == "math"
                    else ("但是", "所以", "因为", "然后")
                )
                at = text.find("\n\n", self.dice.randint(0, len(text) * 3 // 4))
                return f"{text[: at + 2]}{self.dice.choice(words)} {text[at + 2 :]}" if at > 0 else text
            case "sentence":
                return self.insert(text, f"{self.sentences(1)}{self.glue}{self.sentences(1, other)}{self.sentences(1)}")
            case "european" if self.language == "en":
                return self.insert(text, f"{self.sentences(1)} {self.dice.choice(EUROPEAN)} {self.sentences(1)}")
            case "many":
                parts = text.split("\n\n")
                for place in range(2, len(parts), 5):
                    parts[place] = self.sentences(3, other)
                return "\n\n".join(parts)
            case _:
                return self.insert(text, self.sentences(self.dice.randint(4, 9), other))

    def wall(self) -> str:
        """A paragraph that is far too long."""
        light = self.variant.startswith("light")
        size = self.dice.randint(*((2600, 3600) if light else (5000, 9000)))
        if self.language == "zh":
            size = size * 45 // 100
        mean = self.writer.mean[self.domain] / (2.9 if self.language == "zh" else 1)
        text = self.sentences(int(size / mean) + 2)
        if self.variant.endswith("wrapped"):
            return _wrapped(text, self.language, self.dice.randint(64, 100))
        return text

    def messy(self) -> str:
        """Code that is broken, open, loose or full of prose."""
        grammar = Grammar("en", self.dice)
        block = grammar.code()
        while "python" not in block:
            block = grammar.code()
        lines = block.split("\n")
        match self.variant.partition("/")[2]:
            case "unparsed":
                lines[2:2] = [f"total = ({self.dice.randint(2, 99)} + [3", "if total ==:"]
            case "unclosed":
                lines.pop()
            case "loose":
                lines = [*lines[1:-1], *grammar.code().split("\n")[1:-1], "print(total)"]
            case _:
                for place in (2, 3, 5, 6):
                    lines.insert(min(place, len(lines) - 1), self.sentences(1))
        return "\n".join(lines)

    def repeating(self, text: str) -> str:
        """The same again."""
        again = self.sentences(4)
        match self.variant.partition("/")[2]:
            case "paragraph":
                share = len(text) // 2 // len(again)
                for _ in range(max(3, share)):
                    text = self.insert(text, again)
                return text
            case "tail":
                return f"{text}\n\n" + "\n\n".join([self.sentences(1)] * (40 if self.variant[0] == "h" else 8))
            case _:
                return f"{text}\n\n{text}\n\n{text}"

    def contaminated(self, text: str) -> str:
        """A benchmark's item in the prompt or the thought."""
        own = [one for one in self.writer.items if one["text"].isascii() == (self.language == "en")]
        item = self.dice.choice(own)
        words = item["text"]
        match self.variant:
            case "verbatim":
                self.prompt = words
            case "renumbered":
                self.prompt = _renumbered(words, self.dice)
            case "reworded":
                self.prompt = _edited(words, self.language, 0.1, self.dice)
            case "embedded":
                self.prompt = self.glue.join([self.sentences(2), words, self.sentences(2)])
            case "in-thought":
                return self.insert(text, words)
            case _:
                return self.insert(text, item["solution"])
        return text

    def hard(self, text: str) -> str:
        """Clean, but not easily told from what is not."""
        dice = self.dice
        match self.variant:
            case "names" if self.language == "en":
                one, other = dice.sample(NAMES_IN_HAN, 2)
                passage = (
                    f"{one} has {dice.randint(2, 40)} coins, {other} has twice as many. {other} gives some to {one}."
                )
            case "quotation" if self.language == "en":
                passage = f"The sign says “{self.sentences(1, 'zh')}”, which has {dice.randint(8, 20)} characters."
            case "table":
                passage = Grammar(self.language, dice).table()
            case "poem" if self.language == "en":
                refrain = "\n    and who will mind the light?"
                places = dice.sample(WORDS["en"]["G"], 4)
                passage = "\n".join(f"{dice.choice(WORDS['en']['H'])} is at the {one},{refrain}" for one in places)
            case "cases":
                name = "情况" if self.language == "zh" else "Case "
                passage = "\n".join(f"{name}{k}: $n = {k}$, $n^2 = {k * k}$, $n^3 = {k**3}$." for k in range(1, 13))
            case "numbers":
                passage = ", ".join(map(str, range(1, 61))) + "."
            case "terms" if self.language == "zh":
                passage = f"可以用 {dice.choice(TERMS)} 来做，也可以用 {dice.choice(TERMS)}，它们的复杂度都是 $O(n)$。"
            case "aligned":
                a, b = dice.randint(2, 30), dice.randint(2, 30)
                passage = (f"\\begin{{align*}}\n(x+{a})(x+{b}) &= x^2 + {a}x + {b}x + {a * b} \\\\\n"
                           f"&= x^2 + {a + b}x + {a * b}.\n\\end{{align*}}")  # fmt: skip
            case "paragraph":
                passage = self.sentences(13)
            case "code":
                passage = Grammar("en", dice).code()
            case "boilerplate":
                self.prompt += self.glue + BOILERPLATE[self.number % 2]
                return text
            case _:
                return text
        return self.insert(text, passage)

    def cut(self, thought: str, text: str) -> tuple[str, str]:
        """Stopped in the middle."""
        whole = text.rindex("</think>") + len("</think>\n\n")
        match self.variant.partition("/")[2]:
            case "sentence":
                rest = (
                    "因为这两个数的和与"
                    if self.language == "zh"
                    else "We add the two numbers, divide by three, and the"
                )
                return text[:whole] + rest, "stop"
            case "formula":
                return text[:whole] + f"{self.dice.choice(self.pool)} $\\frac{{{self.dice.randint(2, 99)}", "stop"
            case "thought":
                return "<think>\n" + thought[: int(len(thought) * self.dice.uniform(0.5, 0.95))], "stop"
            case _:
                return "<think>\n" + thought[: int(len(thought) * self.dice.uniform(0.7, 0.99))], "length"

    def disorder(self, thought: str, closing: str, text: str) -> str:
        """Tags, leftovers, two answers."""
        match self.variant.partition("/")[2]:
            case "token":
                return text + self.dice.choice(("<|im_end|>", "</s>", "<|endoftext|>", "<|eot_id|>"))
            case "disagrees":
                other, _ = self.closing(str(self.dice.randint(1000, 9999)))
                return text.replace(f"\n\n{closing}\n</think>", f"\n\n{other}\n</think>")
            case "no-tags":
                return text.replace("<think>\n", "").replace("</think>\n\n", "")
            case "two-blocks":
                return text.replace("</think>\n\n", f"</think>\n\n<think>\n{self.sentences(4)}\n</think>\n\n", 1)
            case _:
                return text[: text.rindex("</think>") + len("</think>")]


def _wrapped(text: str, language: str, width: int) -> str:
    if language == "zh":
        width //= 2
        return "\n".join(text[at : at + width] for at in range(0, len(text), width))
    lines, line, size = [], [], 0
    for word in text.split(" "):
        if size + len(word) > width:
            lines.append(" ".join(line))
            line, size = [], 0
        line.append(word)
        size += len(word) + 1
    return "\n".join([*lines, " ".join(line)])


def _edited(text: str, language: str, share: float, dice: random.Random) -> str:
    """A copy in which that share of the words is another; tags, code, numbers and the solution are left alone."""
    end = text.rindex("</think>") if "</think>" in text else len(text)
    start = len("<think>\n") if "</think>" in text else 0
    if language == "zh":
        signs = list(text)
        wanted = [at for at in range(start, end) if "\u4e00" <= signs[at] <= "\u9fff"]
        for at in dice.sample(wanted, max(1, int(len(wanted) * share))):
            signs[at] = dice.choice(WORDS["zh"]["N"])[0]
        return "".join(signs)
    words = text[start:end].split(" ")
    wanted = [at for at, word in enumerate(words) if word.isalpha() and word.islower()]
    for at in dice.sample(wanted, min(len(wanted), max(1, int(len(words) * share)))):
        words[at] = dice.choice(WORDS["en"]["N"])
    return text[:start] + " ".join(words) + text[end:]


def _renumbered(text: str, dice: random.Random) -> str:
    made, number = [], ""
    for sign in text + " ":
        if sign.isdigit():
            number += sign
            continue
        if number:
            made.append(str(dice.randint(2, 990)))
            number = ""
        made.append(sign)
    return "".join(made[:-1])


SCHEMA = pa.schema([(name, pa.string()) for name in ("id", "prompt", "response", "reference", "verifier", "language",
                                                     "finish_reason")])  # fmt: skip
_writer: Writer | None = None


def _prepare(rows: int, seed: int) -> None:
    global _writer
    _writer = Writer(rows, seed)


def _group(rows: int, start: int) -> tuple[pa.Table, list[dict[str, object]]]:
    assert _writer is not None
    return _writer.rows(start, min(start + ROWS_A_GROUP, rows))


def write(folder: Path, rows: int, seed: int = 1) -> None:
    """Write the three files, a row group at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "benchmarks.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in items(seed))
    labels: list[pl.DataFrame] = []
    with pq.ParquetWriter(folder / "traces.parquet", SCHEMA, compression="zstd") as file:
        for table, told in _groups(rows, seed):
            file.write_table(table, row_group_size=ROWS_A_GROUP)
            labels.append(pl.DataFrame(told, schema=LABELS))
    pl.concat(labels).write_parquet(folder / "labels.parquet")


LABELS = {"id": pl.String, "domain": pl.String, "flaw": pl.String, "variant": pl.String, "twin": pl.String}


def _groups(rows: int, seed: int) -> Iterator[tuple[pa.Table, list[dict[str, object]]]]:
    with multiprocessing.get_context("spawn").Pool(PROCESSES, _prepare, (rows, seed)) as pool:
        yield from pool.imap(partial(_group, rows), range(0, rows, ROWS_A_GROUP))


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.perf_counter()
    write(options.out, options.rows, options.seed)
    size = (options.out / "traces.parquet").stat().st_size
    print(f"{options.rows:,} rows in {time.perf_counter() - started:.1f} s, {size / 1e6:.0f} MB on disk")


if __name__ == "__main__":
    main()
