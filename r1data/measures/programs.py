"""Programs: whether what stands in a code block is a program of the language that it is marked as.

Python is parsed, JSON too; of other languages brackets, quotes and (in shells) `if`/`fi` must have their partners. The
judge is fair to what people show: fragments, a lone `else:`, a header without its body, doctest prompts, magics of
notebooks, code that is indented as a whole. Blocks of plain text, output, diagrams and pseudo-code are never wrong.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
import threading
import warnings
from typing import NamedTuple

LONGEST = 20_000
"""Characters: longer blocks are not judged."""
DEEPEST = 60
"""Brackets within brackets: a deeper block is no program of a person's, and a parser's stack is finite."""
LONGEST_CHAIN = 2000
"""Characters of one line of Python: a chain of operators nests as deeply as it is long."""

PYTHON = frozenset("python py python3 py3 ipython sage".split())
JSON = frozenset(("json",))
BRACED = frozenset(
    "c cpp c++ cc h hpp java javascript js jsx typescript ts tsx rust rs go golang csharp cs c# kotlin kt swift php"
    " scala dart solidity".split()
)
STRICT_SEMICOLONS = frozenset("c cpp c++ cc java csharp cs c#".split())
SQL = frozenset("sql mysql postgresql postgres sqlite plsql tsql".split())
SHELL = frozenset("bash sh shell zsh".split())

_PYTHON_LINE = re.compile(
    r"^[ \t]*(?:(?:async )?def \w+\(.*|class \w+.*:|import [\w., ]+|from [\w.]+ import .+|print\(.*\)|elif .*:"
    r"|for [\w, ]+ in .+:|while .+:|if .+:|return .+|\w+ = .*\w\(.*\))[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_PYTHON_SURELY = re.compile(r"^[ \t]*(?:def \w+\(.*\).*:|import \w+|from [\w.]+ import \w|print\(.*\))", re.MULTILINE)
_PSEUDO = re.compile(
    r"←|:=|\b(?:end if|endif|end for|end while|endwhile|endfor|then|begin|repeat|until|procedure|foreach|for each"
    r"|for \w+ from|for \w+ = \w+ to)\b|[;{][ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.)(?: (.*))?$")
_HEADER = re.compile(r"^(\s*)(?:\S.*):\s*(?:#.*)?$")
_TRIPLE = re.compile(r"'''.*?'''|\"\"\".*?\"\"\"", re.DOTALL)
_PYTHON_QUIET = re.compile(r"#.*$|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.MULTILINE)
_BRACED_QUIET = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\[^\n]{1,9}?|[^'\\\n]{1,1})'", re.DOTALL
)
_SINGLE_QUOTED = re.compile(r"'(?:\\.|[^'\\\n])*'")
_SQL_QUIET = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:''|[^'])*'|\"[^\"]*\"", re.DOTALL)
_SHELL_QUIET = re.compile(r"(?:^|(?<=\s))#[^\n]*|'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.", re.DOTALL)
_SHELL_WORD = re.compile(
    r"(?:^|[;&|]|\bdo\b|\bthen\b|\belse\b)[ \t]*(if|for|while|until|case|select|fi|done|esac)\b", re.MULTILINE
)
_RETURN = re.compile(r"^[ \t]*return\b[^;{}\n]*\n\s*\}", re.MULTILINE)
_BRACKETS = re.compile(r"[()\[\]{}]")
PARTNERS = {")": "(", "]": "[", "}": "{"}

_WORDS = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SIGNS = re.compile(r"[=(){}\[\];<>_+*/\\|&^%$@#~]")
STOP_WORDS = frozenset(
    """the a an is are was were be been we you it they this that these those of to in on at by with from as so but if
    because then now here there need needs should must will would can could have has had do does not i let let's each
    every which when where what how our your its after before first next wait actually maybe just also""".split()
)
CODE_WORDS = frozenset(
    """import from def class return if elif else for while with try except select insert update delete create alter
    where group order having join echo cd ls git pip sudo apt export print let const var function public private
    static void int assert raise lambda yield pass break continue""".split()
)


class Judgement(NamedTuple):
    """`misindented`: it does not parse, and its indentation is why. `prose`: lines of running text in it."""

    parses: bool
    misindented: bool = False
    prose: int = 0


FINE = Judgement(True)
_one_at_a_time = threading.Lock()


def judge(text: str, info: str) -> Judgement:
    """Judge what stands in a block; `info` is what stands behind its fence."""
    if not text.strip() or len(text) > LONGEST:
        return FINE
    language = re.split(r"[\s{:,]", info.strip().lower(), maxsplit=1)[0].lstrip(".") if info else ""
    if language in PYTHON or (not language and looks_like_python(text)):
        return _python(text)
    if language in JSON:
        return Judgement(_is_json(text))
    if language in BRACED:
        return _braced(text, language)
    if language in SQL:
        plain = _SQL_QUIET.sub(" ", text)
        return Judgement(_balanced(plain) and "'" not in plain)  # its own words read like prose
    if language in SHELL:
        return _shell(text)
    return FINE


def looks_like_python(text: str) -> bool:
    """Whether a block without a mark is meant to be Python: pseudo-code and output are not."""
    if not _PYTHON_SURELY.search(text) or _PSEUDO.search(text):
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    if max(map(len, lines)) > LONGEST_CHAIN:
        return False
    return 2 * len(_PYTHON_LINE.findall(text)) >= min(len(lines), 8)


def prose_lines(plain: str) -> int:
    """Lines of running text among lines of code, from which comments and strings have been taken."""
    return sum(is_prose(line) for line in plain.split("\n"))


def is_prose(line: str) -> bool:
    """Whether a line is running text, English or Chinese, rather than code."""
    han = len(_HAN.findall(line))
    if han >= 6 and 2 * han > len(line.strip()) - han:
        return True
    words = _WORDS.findall(line)
    if len(words) < 5 or words[0] in CODE_WORDS or len(_SIGNS.findall(line)) > 3:
        return False
    return sum(word.lower() in STOP_WORDS for word in words) >= 2


def _python(text: str) -> Judgement:
    trouble = _parsing_trouble(text)
    if trouble is None and text.isascii():
        return FINE
    plain = _PYTHON_QUIET.sub(" ", _TRIPLE.sub(" ", text))
    if trouble is None:
        return Judgement(True, prose=prose_lines(plain))  # to the parser a Chinese sentence is one name
    return Judgement(False, isinstance(trouble, IndentationError), prose_lines(plain))


def _parsing_trouble(text: str) -> Exception | None:
    """Why a block is no Python, after everything that can be forgiven; None where it is."""
    source = textwrap.dedent(text.expandtabs(8) if _only_tabs(text) else text).strip("\n")
    trouble = _error(source)
    if trouble is None:
        return None
    forgiven = _forgiven(source)
    if forgiven != source and _error(forgiven) is None:
        return None
    return trouble


def _only_tabs(text: str) -> bool:
    """Whether all indentation is tabs, so that a tab's width does not matter."""
    indents = [line[: len(line) - len(line.lstrip())] for line in text.split("\n") if line.strip()]
    return all(set(indent) <= {"\t"} for indent in indents)


def _forgiven(source: str) -> str:
    lines = source.split("\n")
    if any(line.lstrip().startswith(">>>") for line in lines):
        prompted = [_PROMPT.match(line) for line in lines]
        lines = [match[1] or "" for match in prompted if match]
    lines = _MAGIC.sub(r"\1pass", "\n".join(lines)).replace("…", "...").rstrip().split("\n")
    if lines and (header := _HEADER.match(lines[-1])):
        lines.append(f"{header[1]}    pass")
    first = lines[0].lstrip() if lines else ""
    if first.startswith(("else:", "elif ")):
        lines = ["if True:", "    pass", *lines]
    elif first.startswith(("except", "finally:")):
        lines = ["try:", "    pass", *lines]
    return "\n".join(lines)


def _error(source: str) -> Exception | None:
    if _depth(source) > DEEPEST or max(map(len, source.split("\n"))) > LONGEST_CHAIN:
        return SyntaxError("nested too deeply")
    try:
        with _one_at_a_time, warnings.catch_warnings():  # the filters of warnings belong to all threads
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as trouble:
        return trouble
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    returns = [node for node in tree.body if isinstance(node, ast.Return)]
    if functions and returns and returns[-1].lineno > functions[0].lineno:
        return IndentationError("a function's return stands outside of it")
    return None


def _depth(text: str) -> int:
    """How deeply brackets stand within brackets, those in strings too."""
    depth = deepest = 0
    for bracket in _BRACKETS.finditer(text):
        depth = depth + 1 if bracket[0] in "([{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest


def _is_json(text: str) -> bool:
    shortened = re.sub(r",\s*(?:\.\.\.|…)(?=\s*[}\]])", "", text.strip())
    shortened = re.sub(r"(?<![\w\"])(?:\.\.\.|…)(?![\w\"])", "null", shortened)
    return _loads(shortened) or all(_loads(line) for line in shortened.split("\n") if line.strip())


def _loads(text: str) -> bool:
    if _depth(text) > DEEPEST * 4:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _braced(text: str, language: str) -> Judgement:
    plain = _BRACED_QUIET.sub(" ", text)
    if language not in STRICT_SEMICOLONS and language not in ("rust", "rs", "go", "golang"):
        plain = _SINGLE_QUOTED.sub(" ", plain)
    parses = _balanced(plain) and '"' not in plain
    if language in STRICT_SEMICOLONS:
        parses = parses and not _RETURN.search(plain)
    return Judgement(parses, prose=prose_lines(plain))


def _balanced(plain: str) -> bool:
    """Whether every bracket has its partner; a fragment may begin by closing what others opened: `} else {`."""
    opened: list[str] = []
    spare = 1 if plain.lstrip().startswith("}") else 0
    for bracket in _BRACKETS.findall(plain):
        if bracket in "([{":
            opened.append(bracket)
        elif opened and opened[-1] == PARTNERS[bracket]:
            opened.pop()
        elif spare and not opened:
            spare = 0
            continue
        else:
            return False
    return not opened or (opened == ["{"] and plain.lstrip().startswith("}"))


def _shell(text: str) -> Judgement:
    if "<<" in text:  # a document within the script has quotes of its own
        return FINE
    plain = _SHELL_QUIET.sub(" ", text)
    counts = dict.fromkeys(("if", "fi", "case", "esac", "done", "loops"), 0)
    for word in _SHELL_WORD.findall(plain):
        counts[word if word in counts else "loops"] += 1
    paired = counts["if"] == counts["fi"] and counts["case"] == counts["esac"] and counts["loops"] == counts["done"]
    return Judgement(paired and "'" not in plain and '"' not in plain, prose=prose_lines(plain))
