"""What a server's refusal means, and for how long it wants to be left alone."""

from datetime import UTC, datetime

import pytest

from r1data.engines import Failure
from r1data.engines.client.trouble import LONGEST_STATED, Kind, Trouble, exhausted, quoted, refusal, stated_pause

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Tue, 24 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Tue, 24 Nov 2026 11:00:30 GMT"}, 0),
        ({"retry-after": "2026-11-24T12:00:09Z"}, 9),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "1e300"}, LONGEST_STATED),
        ({"retry-after": "999999999"}, LONGEST_STATED),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360),
        ({"x-ratelimit-reset-tokens": "1m30.5s", "x-ratelimit-reset-requests": "2s"}, 90.5),
        ({"x-ratelimit-reset-tokens": "50s", "x-ratelimit-reset-requests": "2s",
          "x-ratelimit-remaining-tokens": "9", "x-ratelimit-remaining-requests": "0"}, 2),
        ({"x-ratelimit-reset": str(NOW.timestamp() + 12)}, 12),
        ({"x-ratelimit-reset": str(1000 * NOW.timestamp() + 12_000)}, 12),
    ],
)  # fmt: skip
def test_stated_pauses(headers: dict[str, str], seconds: float | None) -> None:
    assert stated_pause(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


def test_a_limit_matters_in_advance_only_when_nothing_of_it_remains() -> None:
    headers = {"x-ratelimit-reset-tokens": "50s", "x-ratelimit-remaining-tokens": "9"}
    assert exhausted(headers, NOW) is None
    assert exhausted(headers | {"x-ratelimit-remaining-tokens": "0"}, NOW) == 50


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, Kind.BUSY), (503, Kind.BUSY), (529, Kind.BUSY), (500, Kind.FAULTY), (501, Kind.FAULTY), (408, Kind.FAULTY),
     (302, Kind.FAULTY), (401, Kind.CLOSED), (402, Kind.CLOSED), (404, Kind.CLOSED)],
)  # fmt: skip
def test_what_may_pass(status: int, kind: Kind) -> None:
    trouble = refusal(status, {}, "words")
    assert isinstance(trouble, Trouble) and trouble.kind is kind and "words" in str(trouble)


@pytest.mark.parametrize(
    "text",
    [
        "This model's maximum context length is 4097 tokens. However, you requested 5000 tokens",
        '{"error": {"code": "context_length_exceeded"}}',
        "prompt is too long: 210000 tokens > 200000 maximum",
        "The input (5000 tokens) is longer than the model's context window",
    ],
)
def test_a_prompt_too_long_is_the_prompts_fault(text: str) -> None:
    failure = refusal(400, {}, text)
    assert isinstance(failure, Failure) and failure.prompt_at_fault and "too long" in failure.error


def test_another_bad_request_is_not() -> None:
    failure = refusal(400, {}, "temperature must not be negative")
    assert isinstance(failure, Failure) and not failure.prompt_at_fault


def test_words_of_a_server_are_short_and_on_one_line() -> None:
    hostile = "a\n\x1b[31mred\x00\u202e" + "x" * 10_000
    assert quoted(hostile).startswith("a [31mred x") and len(quoted(hostile)) < 310
