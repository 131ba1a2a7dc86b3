"""The dataset card: a README with a YAML header, every number of it from the tables."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from r1data.recipe import Recipe, Selection
from r1data.report.draws import JUDGED, draws
from r1data.report.facts import RunFacts
from r1data.report.funnel import Funnel
from r1data.report.paths import TEMPLATES
from r1data.report.spending import costs
from r1data.selection import FINDINGS, Finding
from r1data.store import Tables
from r1data.verifiers.benchmark import known_rates
from r1data.visible import visible
from schemas import Reason

SIZES = (
    (10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
)  # fmt: skip
HUB_LICENCES = frozenset(
    (
        "apache-2.0 mit bsd bsd-2-clause bsd-3-clause cc0-1.0 cc-by-2.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 "
        "cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-sa-4.0 cc-by-nc-nd-4.0 cc-by-nd-4.0 gpl-2.0 gpl-3.0 "
        "lgpl-3.0 agpl-3.0 mpl-2.0 odbl odc-by pddl cdla-permissive-2.0 cdla-sharing-1.0 unlicense wtfpl zlib"
    ).split(" ")
)
"""Identifiers that the Hub knows. Any other name is `other`, with the name beside it."""
LONGEST_CELL = 200
CORRECTNESS = (Reason.NO_ANSWER, Reason.INCORRECT, Reason.UNVERIFIED)


def render_card(tables: Tables, recipe: Recipe, facts: RunFacts, data_files: str = "data/train-*.parquet") -> str:
    """The dataset's README.md. `tables.examples` is what it holds, `data_files` where that lies in the folder."""
    rounds = pl.col("messages").list.eval(pl.element().struct.field("role") == "user").list.sum()
    slim = tables.examples.select("domain", "language", "licence", "source", "completion_tokens", rounds=rounds)
    examples = slim.collect(engine="streaming")
    funnel = Funnel.from_tables(tables)
    outcomes = outcomes_of(tables)
    recipe_yaml = visible(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True), 10**6)
    return card_environment().get_template("card.md.jinja").render(
        header=yaml.safe_dump(_header(examples, recipe, data_files), sort_keys=False, allow_unicode=True),
        recipe=recipe,
        facts=facts,
        funnel=funnel,
        costs=costs(facts.spent, funnel.kept),
        domains=_domains(examples),
        sources=examples.group_by("source", "licence").len().sort("source", "licence").to_dicts(),
        verifiers=verifiers_of(tables),
        rates=rates_of(tables),
        wanted=wanted(recipe.selection),
        benchmarks=benchmarks_of(tables),
        dropped=_dropped(tables),
        checkers_agree=known_rates().get("checkers_agree"),
        outcomes=outcomes,
        faults=sum(row["share"] for row in outcomes if row["outcome"] not in JUDGED),
        recipe_yaml=recipe_yaml,
        fence=fence_around(recipe_yaml),
    )  # fmt: skip


def card_environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "cell": _cell, "code": _code, "number": lambda n: f"{n:,}", "percent": lambda share: f"{100 * share:.1f}%",
    }  # fmt: skip
    return environment


def _header(examples: pl.DataFrame, recipe: Recipe, data_files: str) -> dict[str, Any]:
    header = {
        "pretty_name": recipe.name,
        "license": "other",
        **licence_of(examples["licence"]),
        "language": sorted(examples["language"].unique()),
        "task_categories": ["text-generation"],
        "size_categories": [next((name for limit, name in SIZES if examples.height < limit), "100M<n<1B")],
        "tags": ["reasoning", "chain-of-thought", "rejection-sampling", "synthetic", "r1data"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": data_files}]}],
    }
    return {key: value for key, value in header.items() if value}


def licence_of(licences: pl.Series) -> dict[str, str]:
    """The one licence that every row has, or `other` and the names of those that rows do have."""
    names = sorted(licences.drop_nulls().unique())
    if len(names) == 1 and not licences.null_count() and names[0].lower() in HUB_LICENCES:
        return {"license": names[0].lower()}
    stated = [_plain(name) for name in names] + ["not stated"] * bool(licences.null_count())
    return {"license": "other", "license_name": ", ".join(stated)}


def _domains(examples: pl.DataFrame) -> list[dict[str, Any]]:
    """The columns of the R1 paper's Table 5, and a row for all domains together."""
    measures = (
        pl.len().alias("samples"),
        pl.col("rounds").mean().fill_null(0.0),
        pl.col("completion_tokens").mean().fill_null(0.0).alias("mean_tokens"),
        pl.col("completion_tokens").cast(pl.Int64).sum().alias("tokens"),
    )
    by_domain = examples.group_by("domain").agg(*measures).sort("samples", "domain", descending=[True, False])
    return [*by_domain.to_dicts(), {"domain": "all", **examples.select(*measures).to_dicts()[0]}]


def outcomes_of(tables: Tables) -> list[dict[str, Any]]:
    counted = draws(tables).drop_nulls("outcome").group_by("outcome").len()
    counts = counted.sort("len", "outcome", descending=[True, False]).collect(engine="streaming")
    return counts.with_columns(share=pl.col("len") / max(counts["len"].sum(), 1)).to_dicts()


def wanted(selection: Selection) -> list[str]:
    """What a reply had to be for being kept, from the table by which it was decided."""
    told = [] if selection.correctness == "any" else ["the verifier says correct"]
    signs = {"above": "at most", "below": "at least", "from": "less than"}
    for finding in FINDINGS:
        if finding.reason is Reason.STYLE:
            continue  # about rewritten texts only
        if finding.measure is not None and finding.key is not None:
            assert finding.side is not None
            measure = finding.measure.replace("_", " ")
            told.append(f"{measure} {signs[finding.side]} {getattr(selection, finding.key):g}")
        elif finding.reason not in CORRECTNESS and finding.means and _counts(finding, selection):
            told.append(f"not: {finding.means}")
    if selection.pass_rate != (0.0, 1.0):
        told.append("its prompt solved in {:.0%} to {:.0%} of the draws".format(*selection.pass_rate))
    if selection.keep_per_prompt is not None:
        told.append(f"at most {selection.keep_per_prompt} per prompt, by the rule `{selection.keep_rule}`")
    told += [f"at most {quota.rows:,} rows of {quota.column} {quota.value}" for quota in selection.quotas]
    return told


def _counts(finding: Finding, selection: Selection) -> bool:
    """Whether a switch of the recipe lets the finding count."""
    return finding.key is None or getattr(selection, finding.key) not in ("keep", "optional", "any")


def benchmarks_of(tables: Tables) -> list[dict[str, Any]]:
    """Each benchmark that the recipe names: its items, or why it was not checked, and the replies that hold some."""
    hits = tables.contaminations.group_by("benchmark").agg(
        replies=pl.col("completion_id").n_unique(), items=pl.col("item").n_unique()
    )
    found = {name: (replies, items) for name, replies, items in hits.collect().iter_rows()}
    return [
        {"name": one.name, "items": one.items, "trouble": one.trouble, "replies": found.get(one.name, (0, 0))[0],
         "found": found.get(one.name, (0, 0))[1]}
        for one in tables.benchmarks
    ]  # fmt: skip


def _dropped(tables: Tables) -> dict[str, int]:
    """Rows that have a finding of duplicates or contamination, whatever else they have."""
    named = tables.decisions.select(finding=pl.col("findings")).explode("finding").drop_nulls()
    among = named.filter(pl.col("finding").str.contains("^(duplicate|contaminated)/"))
    return dict(among.group_by("finding").len().sort("finding").collect().iter_rows())


def rates_of(tables: Tables) -> list[dict[str, Any]]:
    """How often the verifiers that were used are wrong on labelled cases; only where the versions agree."""
    used = set(tables.verdicts.select("verifier", "version").unique().collect().iter_rows())
    return [row for row in known_rates().get("verifiers", []) if (row["verifier"], row["version"]) in used]


def verifiers_of(tables: Tables) -> list[str]:
    used = tables.verdicts.select("verifier", "version").unique().sort("verifier", "version").collect()
    named = [f"{row['verifier']} (version {row['version']})" for row in used.to_dicts()]
    return named if tables.policy == "rule" else [*named, f"policy: {tables.policy}"]


def _plain(value: object) -> str:
    return " ".join(visible(str(value), LONGEST_CELL).split())


def _cell(value: object) -> str:
    """Text that is only text in Markdown, in a table's cell or outside of one."""
    text = re.sub(r"([\\|*_\[\]#~])", r"\\\1", _plain(value))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("`", "'")


def _code(value: object) -> str:
    """Text inside a code span."""
    return _plain(value).replace("`", "'").replace("|", "¦")


def fence_around(text: str) -> str:
    """Longer than any run of backticks in the text, so that the text cannot close it."""
    return "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
