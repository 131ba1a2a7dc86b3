"""Registry: the benchmarks that DeepSeek-R1 was judged on, and where their questions are.

Nothing is loaded here. `confirmed` says what was seen in public code or on the dataset's page when this was written
(November 2026); what it does not name is from memory, and a wrong column or split is an error that names what there is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark: its place on the Hub, and the columns that hold the item. Columns are joined line by line."""

    name: str
    title: str
    dataset: str | None
    """None where it is on no Hub: bring it as a file."""
    split: str
    question: tuple[str, ...]
    answer: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    id: str | None = None
    """The column that names an item; by default it is its number."""
    configs: tuple[str, ...] = ()
    """Configurations that are read; `("*",)` for all of them."""
    files: tuple[str, ...] = ()
    """JSON files of the dataset, where it can be read in no other way (a loading script)."""
    licence: str = ""
    gated: bool = False
    items: int = 0
    """About how many there are."""
    languages: str = "en"
    confirmed: str = ""
    note: str = ""


BENCHMARKS = {known.name: known for known in (
    Benchmark("aime-2024", "AIME 2024", "Maxwell-Jia/AIME_2024", "train", ("Problem",), ("Solution",), id="ID",
              licence="mit", items=30, confirmed="dataset, columns, size, licence",
              note="pass@1 over 64 draws; the curve of R1-Zero's training"),
    Benchmark("math-500", "MATH-500", "HuggingFaceH4/MATH-500", "test", ("problem",), ("solution",), id="unique_id",
              items=500, confirmed="dataset", note="500 problems of MATH's test split"),
    Benchmark("cnmo-2024", "CNMO 2024", "opencompass/LiveMathBench", "test", ("question",), ("answer",),
              configs=("v202412_CNMO_en", "v202412_CNMO_cn"), items=36, languages="en, zh",
              confirmed="dataset, configurations, split, columns, size", note="18 problems in two languages"),
    Benchmark("livecodebench", "LiveCodeBench", "livecodebench/code_generation_lite", "test", ("question_content",),
              id="question_id", items=880, confirmed="dataset, column, size of release_v5",
              files=("test.jsonl", "test2.jsonl", "test3.jsonl", "test4.jsonl", "test5.jsonl"),
              note="R1: August 2024 to January 2025; all of release_v5 is checked. Files of tests are large (4 GB)"),
    Benchmark("codeforces", "Codeforces", "open-r1/codeforces", "test",
              ("description", "input_format", "output_format"),
              ("editorial",), id="id", licence="cc-by-4.0", items=468, confirmed="dataset, splits, id",
              note="R1 used ten Div. 2 contests and names none; this is a test split of recent contests"),
    Benchmark("swe-bench-verified", "SWE-bench Verified", "princeton-nlp/SWE-bench_Verified", "test",
              ("problem_statement",), ("patch",), id="instance_id", items=500, confirmed="dataset, split, columns",
              note="with the Agentless scaffold"),
    Benchmark("aider-polyglot", "Aider-Polyglot", None, "", ("text",), ("solution",), items=225,
              note="the exercises of the repository Aider-AI/polyglot-benchmark (.docs/instructions.md of each): "
              "write them into a file of id, text"),
    Benchmark("mmlu", "MMLU", "cais/mmlu", "test", ("question",), choices=("choices",), configs=("all",), licence="mit",
              items=14042, confirmed="dataset, configuration, split, columns, licence", note="zero-shot"),
    Benchmark("mmlu-redux", "MMLU-Redux", "edinburgh-dawg/mmlu-redux-2.0", "test", ("question",), choices=("choices",),
              configs=("*",), licence="cc-by-4.0", items=5700, confirmed="dataset, configurations, split, columns",
              note="57 subjects of 100 questions of MMLU, annotated again"),
    Benchmark("mmlu-pro", "MMLU-Pro", "TIGER-Lab/MMLU-Pro", "test", ("question",), choices=("options",),
              id="question_id", licence="mit", items=12032, confirmed="dataset, licence, size",
              note="up to ten options"),
    Benchmark("gpqa-diamond", "GPQA Diamond", "Idavidrein/gpqa", "train", ("Question",), ("Explanation",),
              ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"), id="Record ID",
              configs=("gpqa_diamond",), licence="cc-by-4.0", gated=True, items=198,
              confirmed="dataset, configuration"),
    Benchmark("simpleqa", "SimpleQA", "basicv8vc/SimpleQA", "test", ("problem",), ("answer",), licence="mit",
              items=4326, confirmed="dataset, split, columns, licence"),
    Benchmark("c-simpleqa", "C-SimpleQA", "OpenStellarTeam/Chinese-SimpleQA", "train", ("question",), ("answer",),
              id="id", items=3000, languages="zh", confirmed="dataset, split, columns, size"),
    Benchmark("drop", "DROP", "ucinlp/drop", "validation", ("passage", "question"), id="query_id", items=9536,
              confirmed="dataset, split, columns", note="the passage belongs to the item; 3-shot F1"),
    Benchmark("frames", "FRAMES", "google/frames-benchmark", "test", ("Prompt",), ("Answer",), licence="apache-2.0",
              items=824, confirmed="dataset, split, columns, size, licence", note="R1 got the oracle articles"),
    Benchmark("ifeval", "IFEval", "google/IFEval", "train", ("prompt",), id="key", licence="apache-2.0", items=541,
              confirmed="dataset"),
    Benchmark("alpaca-eval-2", "AlpacaEval 2.0", "tatsu-lab/alpaca_eval", "eval", ("instruction",), ("output",),
              files=("alpaca_eval.json",), licence="cc-by-nc-4.0", items=805, confirmed="dataset, file, column",
              note="only the final answer was judged"),
    Benchmark("arena-hard", "ArenaHard", "lmarena-ai/arena-hard-auto-v0.1", "train", ("turns",), id="question_id",
              licence="apache-2.0", items=500, confirmed="dataset, split, column, size"),
    Benchmark("cluewsc", "CLUEWSC", "clue/clue", "validation", ("text",), id="idx", configs=("cluewsc2020",), items=304,
              languages="zh", confirmed="dataset, configuration", note="the split with labels"),
    Benchmark("c-eval", "C-Eval", "ceval/ceval-exam", "test", ("question",), ("explanation",), ("A", "B", "C", "D"),
              id="id", configs=("*",), licence="cc-by-nc-sa-4.0", items=12342, languages="zh",
              confirmed="dataset, configurations, columns, licence"),
    Benchmark("cmmlu", "CMMLU", "SeaEval/cmmlu", "test", ("question",), choices=("choices",), id="id", items=11582,
              languages="zh", confirmed="dataset, columns", note="a copy: the original is read by a script"),
)}  # fmt: skip
"""By name, in the order of R1's tables and of the issue that asked for them."""
