"""The board: a run that is alive, as `r1data status --watch` shows it."""

from __future__ import annotations

import time
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from r1data.cli.figures import amount, duration, gpu_time, percent, short
from r1data.cli.output import cost_of_a_row
from r1data.store.sessions import Live

SILENT_SECONDS = 10.0
"""A live run writes about once a second; after such a silence the board says so."""


def board(live: Live, title: str) -> RenderableType:
    """The live figures of a run, a bar on top."""
    tally = live.tally
    head = Table.grid(padding=(0, 2))
    head.add_row(
        Text(title, style="bold"),
        ProgressBar(total=1.0, completed=tally.share_done, width=30) if tally.planned else Text("starting"),
        Text(f"{tally.share_done:.1%}" if tally.planned else ""),
        Text(f"{duration(tally.seconds_left)} left" if tally.planned else ""),
    )
    body = Table.grid(padding=(0, 2))
    body.add_column(style="dim", min_width=10)
    body.add_column(justify="right", min_width=12)
    body.add_column()
    for name, figure, more in _rows(live):
        body.add_row(Text(name), Text(figure), Text(more))
    silent = time.time() - live.when
    last = f"silent for {duration(silent)}" if silent > SILENT_SECONDS else live.news
    return Group(head, body, Text(f"process {live.process}: {last}", style="dim", no_wrap=True, overflow="ellipsis"))


def _rows(live: Live) -> list[tuple[str, str, str]]:
    tally = live.tally
    most = "" if tally.fixed else "at most "
    left = "" if tally.fixed or tally.draws_left is None else f", about {tally.draws_left:,.0f} to come"
    rows = [("draws", f"{tally.done:,}", f"of {most}{tally.planned:,}{left}; {tally.failed:,} failed")]
    if tally.stopped:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.stopped.items())
        rows.append(("prompts", f"{sum(tally.stopped.values()):,}", f"of {tally.prompts:,} stopped: {reasons}"))
    rows += [
        ("accepted", f"{tally.accepted:,}", f"of {tally.judged:,} judged; pass rate {percent(tally.pass_rate)}"),
        ("tokens/s", f"{tally.tokens_per_second:,.0f}", f"{tally.mean_tokens_per_second:,.0f} on average"),
        ("engine", f"{tally.running:,}", f"requests running, {tally.waiting:,} waiting"),
        ("verdicts", f"{tally.backlog:,}", "under way"),
    ]
    saved = f", at most {short(tally.saved_tokens)} saved by cutting loops" if tally.saved_tokens else ""
    rows.append(("tokens", short(tally.tokens), f"written, {short(tally.prompt_tokens)} sent{saved}"))
    price = cost_of_a_row(tally)
    spent = [gpu_time(tally.gpu_seconds)] if tally.gpus else []
    spent += [amount(tally.money, tally.price.currency)] if tally.money is not None else []
    if spent:
        rows.append(("cost", spent[-1], "; ".join([*spent[:-1], *([f"{price} per accepted row"] if price else [])])))
    return rows


def live_facts(live: Live) -> dict[str, object]:
    """The same for `--json`."""
    tally = live.tally
    counts = {name: value for name, value in asdict(tally).items() if name not in ("price", "opened", "room", "spared")}
    derived = (
        "done", "open_prompts", "pass_rate", "draws_left", "seconds_left", "share_done", "gpu_seconds",
        "gpu_seconds_per_accepted", "money", "money_per_accepted",
    )  # fmt: skip
    return {
        "alive": True, "when": live.when, "process": live.process, "news": live.news, **counts,
        **{name: getattr(tally, name) for name in derived}, "currency": tally.price.currency,
    }  # fmt: skip
