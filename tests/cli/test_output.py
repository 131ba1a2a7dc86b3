"""What a run shows while it works: what is known, and a question mark for what is not."""

import io
import re

import pytest
from rich.console import Console

from r1data.cli.figures import amount, duration, gpu_time, hours, percent, short, storage
from r1data.cli.output import LiveLine, PlainLines, describe
from r1data.progress import Tally
from r1data.recipe import Price

EARLY = Tally(prompts=40, planned=640, drawn=5, completed=4, failed=1, fixed=False, opened=40, room=640, running=16)
LATE = Tally(
    prompts=40, planned=300, completed=100, drawn=100, judged=90, accepted=45, stopped={"enough": 20}, fixed=False,
    opened=40, room=640, spared=220, seconds=50.0, engine_seconds=90.0, tokens=1000, tokens_per_second=1234.5,
    running=16, waiting=3, backlog=7, gpus=2, price=Price(gpu_hour=36.0, currency="EUR"),
)  # fmt: skip


def test_a_line_tells_what_is_known() -> None:
    assert describe(EARLY) == (
        "5/≤640 draws · 0 accepted of 0 judged · 0 tok/s · queue 16+0, 0 to judge · ? left · 1 failed"
    )
    assert LATE.draws_left == 100
    assert describe(LATE) == (
        "100/≤300 draws · 20/40 prompts · 45 accepted of 90 judged · 1,234 tok/s · queue 16+3, 7 to judge · "
        "0:00:50 left · 4 GPU-seconds or 0.04 EUR a row"
    )


def test_plain_lines_do_not_repeat_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    lines = PlainLines()
    for tally in (Tally(), LATE, LATE, LATE):
        lines.counts(tally)
    assert capsys.readouterr().err.count("draws") == 1


def test_a_terminal_keeps_one_line_up_to_date() -> None:
    screen = io.StringIO()
    live = LiveLine(Console(file=screen, force_terminal=True, width=200))
    with live.shown():
        live.counts(EARLY)
        live.counts(LATE)
        live.say("[bold]news[/bold]")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    assert "[bold]news[/bold]" in shown and "50%" in shown and "100/≤300 draws" in shown


def test_figures_are_written_for_people() -> None:
    assert [short(n) for n in (0.5, 7, 950, 9300, 12_345, 1_234_567, 3.4e9, 2e12)] == [
        "0.5", "7", "950", "9,300", "12.3k", "1.2M", "3.4G", "2.0T"
    ]  # fmt: skip
    assert [amount(n, "USD") for n in (0, 0.000054, 0.11, 1234.5)] == [
        "0.00 USD", "0.000054 USD", "0.11 USD", "1,234.50 USD"
    ]  # fmt: skip
    assert [gpu_time(n) for n in (0.031, 45.67, 7200)] == ["0.031 GPU-seconds", "45.7 GPU-seconds", "2.00 GPU-hours"]
    assert (duration(None), duration(3661), hours(0.0421), hours(1234)) == ("?", "1:01:01", "0.042", "1,234.0")
    assert (storage(10), storage(3 << 20), percent(None), percent(0.123)) == ("10 B", "3.0 MiB", "?", "12.3%")
