"""The table of `answers`, row by row."""

from __future__ import annotations

import json
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.api.answers import Answer, NoAnswer, about_the_list, date_of, is_rate_limit, judge, judge_no_answer
from reconciler.model.put_answers import Acknowledged, PutAnswer, Rejected, Unsettled

NOW = 1_800_000_000.0
SUCCESS = {"status": "success", "message": "", "data": {"contactListId": "cl-1"}}
FAILED = {"status": "failed", "message": "Name is taken"}
MSG = {"errors": [{"msg": "Invalid SDK credentials", "code": 4002}]}
PER_MINUTE = {"errors": [{"msg": "You exceeded 60 requests per minute"}]}
LIMIT = {"status": "failed", "message": "Per-minute rate limit exceeded"}


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): text for name, text in headers.items()}, content)


def maybe(error: str, *, again: bool = True, wait: float | None = None) -> Unsettled:
    return Unsettled(error, landed=True, again=again, wait=wait)


def unsent(error: str, wait: float | None = None) -> Unsettled:
    return Unsettled(error, landed=False, again=True, wait=wait)


TABLE: list[tuple[Answer, PutAnswer]] = [
    # success is 2xx and JSON and status = success, and nothing else
    (answer(200, SUCCESS), Acknowledged()),
    (answer(201, {"status": "SUCCESS"}), Acknowledged()),
    (answer(200, {"status": "Success", "message": "Rate limit exceeded"}), Acknowledged()),
    (answer(200, FAILED), Rejected("HTTP 200: status failed, Name is taken")),
    (answer(200, {"status": "error"}), Rejected('HTTP 200: status error, {"status": "error"}')),
    (answer(200, {"status": ""}), maybe('HTTP 200: not the JSON that was expected, {"status": ""}')),
    (answer(200, b""), maybe("HTTP 200: not the JSON that was expected, empty")),
    (answer(204, b""), maybe("HTTP 204: not the JSON that was expected, empty")),
    (answer(200, b"<html>Hello</html>"), maybe("HTTP 200: not the JSON that was expected, <html>Hello</html>")),
    (answer(200, b'{"status": "succ'), maybe('HTTP 200: not the JSON that was expected, {"status": "succ')),
    (answer(200, b"[" * 5), maybe("HTTP 200: not the JSON that was expected, [[[[[")),
    (answer(200, b"null"), maybe("HTTP 200: not the JSON that was expected, null")),
    (answer(200, ["success"]), maybe('HTTP 200: not the JSON that was expected, ["success"]')),
    (answer(200, {"status": 200}), maybe('HTTP 200: not the JSON that was expected, {"status": 200}')),
    (answer(200, {"message": "done"}), maybe("HTTP 200: not the JSON that was expected, done")),
    # the rate limit, in any status
    (answer(429), unsent("HTTP 429: no words")),
    (answer(429, SUCCESS, retry_after="7"), unsent(f"HTTP 429: {json.dumps(SUCCESS)}", wait=7.0)),
    (answer(200, LIMIT), unsent("HTTP 200: status failed, Per-minute rate limit exceeded")),
    (answer(200, b"rate-limit exceeded"), unsent("HTTP 200: not the JSON that was expected, rate-limit exceeded")),
    (answer(401, LIMIT), unsent("HTTP 401: Per-minute rate limit exceeded")),
    (answer(412, PER_MINUTE, retry_after="3"), unsent("HTTP 412: You exceeded 60 requests per minute", wait=3.0)),
    (answer(500, b"Too Many Requests"), unsent("HTTP 500: Too Many Requests")),
    (answer(501, {"errors": [{"message": "API RATE LIMIT REACHED"}]}), unsent("HTTP 501: API RATE LIMIT REACHED")),
    (answer(403, {"message": "You are being rate limited"}), unsent("HTTP 403: You are being rate limited")),
    (answer(400, {"success": False, "error": {"code": 429, "message": "Slow"}}), unsent("HTTP 400: Slow")),
    (answer(400, {"success": False, "error": {"msg": "Slow", "retryAfterMs": 2500}}), unsent("HTTP 400: Slow", 2.5)),
    (answer(200, {"status": "error", "msg": "Slow", "retryAfterMs": 0}), unsent("HTTP 200: status error, Slow", 0.0)),
    (answer(429, {"retryAfterMs": 1500}), unsent('HTTP 429: {"retryAfterMs": 1500}', 1.5)),
    (answer(429, {"retryAfterMs": 1500}, retry_after="7"), unsent('HTTP 429: {"retryAfterMs": 1500}', 7.0)),
    (answer(429, {"msg": "Slow", "retryAfterMs": True}), unsent("HTTP 429: Slow")),
    (answer(429, b'{"msg": "Slow", "retryAfterMs": 1e999}'), unsent("HTTP 429: Slow")),
    (answer(302, {"message": "rate limit exceeded"}), unsent("HTTP 302: a redirect to nowhere, which is not followed")),
    # to be tried again
    (answer(408), maybe("HTTP 408: no words")),
    (answer(425), unsent("HTTP 425: no words")),
    (answer(500, {"message": "Oops"}), maybe("HTTP 500: Oops")),
    (answer(502, b"<h1>Bad Gateway</h1>"), maybe("HTTP 502: <h1>Bad Gateway</h1>")),
    (answer(503, b"", retry_after="120"), maybe("HTTP 503: no words", wait=120.0)),
    (answer(504), maybe("HTTP 504: no words")),
    (answer(500, SUCCESS), maybe(f"HTTP 500: {json.dumps(SUCCESS)}")),
    # may have landed, not to be tried again
    (answer(501), maybe("HTTP 501: no words", again=False)),
    (answer(507, b"", retry_after="1"), maybe("HTTP 507: no words", again=False)),
    (answer(599), maybe("HTTP 599: no words", again=False)),
    # refused
    (answer(401, MSG), Rejected("HTTP 401: Invalid SDK credentials", unauthorized=True)),
    (answer(400, {"message": "Bad"}), Rejected("HTTP 400: Bad")),
    (answer(403), Rejected("HTTP 403: no words")),
    (answer(404, b"Not Found"), Rejected("HTTP 404: Not Found")),
    (answer(409, SUCCESS), Rejected(f"HTTP 409: {json.dumps(SUCCESS)}")),
    (answer(412, {"errors": ["Validation errors/ x"]}), Rejected("HTTP 412: Validation errors/ x")),
    (answer(302, b"", location="//evil"), Rejected("HTTP 302: a redirect to //evil, which is not followed")),
    (answer(304), Rejected("HTTP 304: a redirect to nowhere, which is not followed")),
]  # fmt: skip


@pytest.mark.parametrize(("came", "meaning"), TABLE)
def test_an_answer(came: Answer, meaning: PutAnswer) -> None:
    assert judge(came, NOW) == meaning


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("landed", [True, False])
def test_no_answer(landed: bool, again: bool) -> None:
    assert judge_no_answer(
        NoAnswer("reset\nby eyJhbGciOiJIUzI1NiJ9.a.b, s3cr3t", landed, again), ["s3cr3t"]
    ) == Unsettled("reset by [cut out], [cut out]", landed=landed, again=again)


RETRY_AFTER: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({"retry_after": "0"}, 0.0),
    ({"retry_after": " 12 "}, 12.0),
    ({"retry_after": "1.5"}, 1.5),
    ({"retry_after": "300"}, 300.0),
    ({"retry_after": formatdate(NOW + 30, usegmt=True)}, 30.0),
    ({"retry_after": formatdate(NOW - 30, usegmt=True)}, 0.0),
    ({"retry_after": formatdate(NOW + 30)}, 30.0),  # -0000: no zone told
    ({"retry_after": formatdate(NOW + 1030, usegmt=True), "date": formatdate(NOW + 1000, usegmt=True)}, 30.0),
    ({"retry_after": "-5"}, None),
    ({"retry_after": "soon"}, None),
    ({"retry_after": "inf"}, None),
    ({"retry_after": "nan"}, None),
    ({"retry_after": "1e9"}, None),
    ({"retry_after": "٣"}, None),
]


@pytest.mark.parametrize(("headers", "wait"), RETRY_AFTER)
def test_retry_after(headers: dict[str, str], wait: float | None) -> None:
    assert judge(answer(503, b"", **headers), NOW) == maybe("HTTP 503: no words", wait=wait)


@pytest.mark.parametrize(
    ("told", "long"),
    [
        ("301", "301 s"),
        (formatdate(NOW + 3600, usegmt=True), "3600 s"),
        ("999999999", "999999999 s"),
        ("9" * 10, "for years"),
        ("9" * 400, "for years"),
    ],
)
def test_a_wait_over_the_bound_is_given_up_in_words(told: str, long: str) -> None:
    error = f"(it asks to wait {long}, which is over 300 s: run again after that)"
    assert judge(answer(503, b"", retry_after=told), NOW) == maybe(f"HTTP 503: no words {error}", again=False)
    assert judge(answer(429, b"", retry_after=told), NOW) == Unsettled(
        f"HTTP 429: no words {error}", landed=False, again=False
    )


@pytest.mark.parametrize(("told", "long"), [("300001", "300 s"), ("9" * 400, "for years"), ("1e300", "for years")])
def test_a_body_may_ask_for_any_number_of_milliseconds(told: str, long: str) -> None:
    came = answer(503, f'{{"msg": "Slow", "retryAfterMs": {told}}}'.encode())
    error = f"HTTP 503: Slow (it asks to wait {long}, which is over 300 s: run again after that)"
    assert judge(came, NOW) == Unsettled(error, landed=False, again=False)


@given(st.text(max_size=60), st.text(max_size=60))
@example("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 1 Jan 0001 00:00:00 +2359")
@example("1 Jan 99999999999999999999 00:00:00", "")
def test_any_headers_do_no_harm(retry_after: str, date: str) -> None:
    meaning = judge(answer(503, b"", retry_after=retry_after, date=date), NOW)
    assert isinstance(meaning, Unsettled)
    assert meaning.wait is None or 0 <= meaning.wait <= 300


@given(st.integers(100, 999), st.binary(max_size=200) | st.just(json.dumps(LIMIT).encode()))
def test_any_answer_has_a_meaning(status: int, body: bytes) -> None:
    meaning = judge(Answer(status, {}, body), NOW)
    assert isinstance(meaning, Acknowledged) or len(meaning.error) < 330


def test_the_date() -> None:
    assert date_of(answer(200, b"", date=formatdate(NOW, usegmt=True))) == NOW
    assert date_of(answer(200)) is None


OTHERS = [
    "Name exceeds 48 characters",
    "rate limit of this list",
    "60 per minute is the limit",
    "not found",
    "Rate limit exceeded - call back",
    "another contact list has the name Rate limit exceeded",
    "'Rate limit exceeded' is taken",
    "Too many requests (VIP)",
    "Rate limit exceeded; name is taken",
]


@pytest.mark.parametrize("message", OTHERS)
@pytest.mark.parametrize("status", [200, 400, 409, 412])
def test_a_name_that_is_echoed_is_no_rate_limit(message: str, status: int) -> None:
    for body in ({"status": "failed", "message": message}, {"status": "failed", "errors": [{"msg": message}]}):
        assert not is_rate_limit(answer(status, body))


ABOUT = [(200, True), (400, True), (404, True), (409, True), (410, True), (412, True), (422, True)]
NOT_ABOUT = [(302, False), (401, False), (402, False), (403, False), (405, False), (407, False)]


@pytest.mark.parametrize(("status", "about"), ABOUT + NOT_ABOUT)
def test_which_refusals_say_that_a_list_is_not_there(status: int, about: bool) -> None:
    assert about_the_list(answer(status)) is about
