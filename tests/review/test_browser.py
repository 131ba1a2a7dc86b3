"""The review page in a real browser: by keyboard alone, and with replies that try to do harm."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from r1data.progress import Progress, Silence
from r1data.recipe import read_recipe, read_runtime
from r1data.run import run
from r1data.stages import open_job
from r1data.store import Workspace
from r1data.store.reviews import read_reviews
from tests.end_to_end.rehearsal import SCRIPTED
from tests.review.browser import CHROMIUM, Page, chromium
from tests.review.hostile import attacks
from tests.review.serving import served
from tests.review.workspaces import sums, workspace_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]

ANYTHING = {
    "correctness": "any", "reasoning": "optional", "language_share": 0, "foreign_words": 10**9,
    "foreign_passage": 10**9, "longest_paragraph": 10**9, "code_unparsed": 10**9, "prose_in_code": 10**9,
    "bare_code": 10**9, "repeated_lines": 1, "repeated_paragraphs": 1, "repeated_ngrams": 1, "tail_repeats": 10**9,
    "looping_tail": 10**9, "answers_agree": "optional", "template_tokens": "keep", "self_reference": "keep",
    "cut_off": "keep", "similarity": 1,
}  # fmt: skip
SHOWN = "document.querySelector('main .sample')?.dataset.key"
NEXT = f"({SHOWN}) || (document.querySelector('main .empty h2') && 'end')"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture
def trap() -> Iterator[tuple[str, list[bytes]]]:
    """An address that nobody should call, and what was said to it."""
    calls: list[bytes] = []
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)

    def listen() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            calls.append(caller.recv(200))
            caller.close()

    threading.Thread(target=listen, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/owned", calls
    listener.close()


def enter(page: Page, link: str) -> str:
    """Open the page by its link; the first sample's key."""
    page.open("about:blank")
    page.wait("location.href === 'about:blank'")
    page.said.clear()  # the last server is gone, and its page may have noticed
    page.open(link)
    return str(page.wait(SHOWN))


def press_on(page: Page, key: str, shown: str) -> str:
    """Press a key that brings the next sample; its key, or `end`."""
    page.press(key)
    return str(page.wait(f"({SHOWN}) !== '{shown}' && ({NEXT})"))


def test_nothing_that_a_model_wrote_runs_or_loads(
    page: Page, tiny: Path, tmp_path: Path, trap: tuple[str, list[bytes]]
) -> None:
    address, calls = trap
    hostile = attacks(address)
    assert len(hostile) >= 30
    exchanges = {
        f"{attack}\n\nQuestion {n}." if len(attack) < 4000 and attack.isprintable() else f"Question {n}.":
        f"<think>\n{attack}\n</think>\n\n{attack}\n\n\\boxed{{{n}}}" for n, attack in enumerate(hostile.values())
    }  # fmt: skip
    workspace = workspace_of(tmp_path, tiny, exchanges, **ANYTHING)
    with served(workspace.root, "ann") as server:
        shown, seen, elements, read = enter(page, server.link("ann")), 0, set(), ""
        while shown != "end":
            seen += 1
            elements |= set(page.run("[...document.querySelectorAll('main *')].map((e) => e.localName)"))
            read += page.run("document.querySelector('main').innerText.slice(0, 20000)")
            page.run("document.querySelectorAll('main .more').forEach((button) => button.click())")
            page.wait("document.querySelectorAll('main .more').length === 0")
            page.press("e")
            page.wait("document.getElementById('editor-text').value !== ''")
            page.press("Escape")
            shown = press_on(page, "a", shown)
        assert seen == len(hostile)
        assert page.run("window.owned") is None and page.run("document.title") == "run · r1data review"
        assert page.run("location.pathname") == "/"
        assert not elements & {
            "script",
            "img",
            "svg",
            "iframe",
            "style",
            "a",
            "form",
            "input",
            "object",
            "video",
            "maction",
        }
        assert page.said == [] and calls == []
        assert "[U+202E]24[U+202C]" in read and "[U+001B]" in read and "U+001B ×" in read, "what hides is shown"
    reviews = read_reviews(workspace.root)
    assert reviews["action"].to_list() == ["approved"] * len(hostile)


def test_a_review_by_keyboard_decides_what_is_in_the_dataset(page: Page, tiny: Path, tmp_path: Path) -> None:
    """Approve, reject, edit (a wrong text first), skip, undo: and the next run follows it."""
    workspace = workspace_of(tmp_path, tiny, sums(6), review="required")
    assert not workspace.tables().examples.collect().height
    with served(workspace.root, "ann") as server:
        first = enter(page, server.link("ann"))
        second = press_on(page, "a", first)
        page.press("r")
        third = press_on(page, "2", second)
        edited = "<think>\nI see that it must be {0}, since both parts make {0}.\n</think>\n\n\\boxed{{{0}}}"
        for answer in (41, 42):
            page.press("e")
            page.wait("document.getElementById('editor-text').value !== ''")
            page.run(f"document.getElementById('editor-text').value = {edited.format(answer)!r}")
            page.press("Enter", modifiers=2)
            if answer == 41:
                page.wait("document.getElementById('editor-said').innerText.includes('incorrect/answer')")
                page.press("Escape")
        fourth = str(page.wait(f"({SHOWN}) !== '{third}' && ({SHOWN})"))
        fifth = press_on(page, "s", fourth)
        page.press("n")
        page.run("document.getElementById('note').value = 'a note'")
        page.press("Enter")
        sixth = press_on(page, "a", fifth)
        page.press("u")
        assert page.wait(f"({SHOWN}) === '{fifth}'")
        assert press_on(page, "a", fifth) == sixth
        page.press("g")
        page.wait("document.getElementById('kappa') !== null")
        assert "1" in page.run("document.getElementById('panel').innerText")
        page.run("document.querySelector('#panel [data-do=sign_off]').click()")
        page.run("document.querySelector('#panel [data-do=signed]').click()")
        page.wait("document.getElementById('status').textContent === 'signed off'")
        assert page.said == []
    rows = read_reviews(workspace.root)
    ids = [key.removeprefix("/") for key in (first, second, third, fourth, fifth, fifth, fifth)]
    assert rows["completion_id"].to_list() == ids
    assert rows["action"].to_list() == ["approved", "rejected", "edited", "skipped", "approved", "skipped", "approved"]
    assert rows["reason"].to_list() == [None, "unsound", None, None, None, "undone", None]
    assert rows["outcome"].to_list()[2] == "correct" and rows["note"].to_list()[4] == "a note"
    assert rows["decided_at"].is_sorted() and set(rows["reviewer"]) == {"ann"}

    recipe = read_recipe(tmp_path / "recipe.yaml")
    run(open_job(recipe, read_runtime(None, [*SCRIPTED]), workspace.root, Progress(Silence())))
    examples = Workspace(workspace.root).tables().examples.collect()
    assert dict(examples.select("example_id", "review").iter_rows()) == {
        ids[0]: "approved", ids[2]: "edited", ids[4]: "approved"
    }  # fmt: skip
    turn = examples.filter(pl.col("example_id") == ids[2])["messages"][0][-1]
    assert turn["content"] == edited.format(42)
    reasons = dict(workspace.tables().decisions.collect().select("completion_id", "findings").iter_rows())
    assert reasons[ids[1]] == ["review/rejected"] and reasons[ids[3]] == ["review/pending"]
