"""What each HTTP answer, or its absence, means. Reads and PUTs follow one table; pure functions all.

    what came                                   a PUT is             landed   again   a read
    ------------------------------------------  -------------------  -------  ------  -----------------------
    2xx, JSON, `status` success (any case)      Acknowledged                          its value
    the same, to another request                Unsettled            maybe    yes     error
    the rate limit (below)                      Unsettled            no       yes     again, the limiter holds
    425                                         Unsettled            no       yes     again
    408, 500, 502, 503, 504                     Unsettled            maybe    yes     again
    any other 5xx                               Unsettled            maybe    no      error
    2xx that is no JSON, or names no `status`   Unsettled            maybe    yes     again
    2xx with another `status`                   Rejected                              absent (one list), or error
    401                                         Rejected, sign-in                     sign-in error
    402, 403, 405, 407, 3xx                     Rejected                              error
    any other 4xx                               Rejected                              absent (one list), or error
    no connection (name, TCP, TLS, proxy)       Unsettled            no       yes     again
    an untrusted certificate                    Unsettled            no       no      error
    time-out, reset, cut off or broken answer   Unsettled            maybe    yes     again
    an answer over the size limit               Unsettled            maybe    no      error

The rate limit is known by status and shape: 429, a `code` of 429 in the body's errors, or `retryAfterMs` in the body.
What an exceeded limit answers is not documented, so words count as well, but only if they are the whole message, and
such a sentence as a service says it: the name of a list, which a refusal may echo, decides nothing. An answer of
success is never read as a rate limit.

`Retry-After` (seconds, or a date measured by the answer's own `Date`) or `retryAfterMs` goes with every "again"; if it
asks for more than 300 seconds, there is no other attempt and the words say so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

from reconciler.api.error_text import codes, parse_json, safe, words
from reconciler.model.put_answers import Acknowledged, Rejected, Unsettled, Verdict

LONGEST_WAIT = 300.0
_YEARS = 1e9  # seconds; a longer wait is not worth a number
_LANDED = {408: True, 425: False, 429: False, 500: True, 502: True, 503: True, 504: True}
_NOT_ABOUT_THE_LIST = frozenset({401, 402, 403, 405, 407})
_LIMIT_SENTENCE = re.compile(
    r"(?:(?:the |your |api |per[- ]minute |request )*rate[ -]?limit (?:has been |was |is )?(?:exceeded|reached)"
    r"|too many requests|you (?:have )?exceeded \d+ requests per minute|you are being rate[ -]limited)"
    r"(?::? \d+ requests (?:per|a) minute are allowed for an account)?"
    r"(?:[.,;]? (?:please )?(?:try again|retry)(?: later| in \d+ seconds| after \d+ seconds)?)?[.!]?",
    re.IGNORECASE,
)
_SEARCHED = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is no whole answer; `landed` and `again` as in `Unsettled`."""

    error: str
    landed: bool
    again: bool = True


def judge(came: Answer, now: float, secrets: Collection[str] = ()) -> Verdict:
    """Return what an answer that came at `now` means by the table above, its words without any of `secrets`."""
    outcome = _status(came)
    if _is_2xx(came) and outcome == "success":
        return Acknowledged()
    error = _error(came, outcome, secrets)
    if is_rate_limit(came):
        return _retryable(came, error, now, landed=False)
    if came.status in _LANDED or (_is_2xx(came) and outcome is None):
        return _retryable(came, error, now, landed=_LANDED.get(came.status, True))
    if came.status >= 500:
        return Unsettled(error, landed=True, again=False)
    return Rejected(error, unauthorized=came.status == 401)


def judge_no_answer(none: NoAnswer, secrets: Collection[str] = ()) -> Unsettled:
    """Return what the absence of an answer means."""
    return Unsettled(safe(none.error, secrets), landed=none.landed, again=none.again)


def is_rate_limit(came: Answer) -> bool:
    """Tell whether an answer, which is none of success, says that the rate limit was exceeded."""
    if came.status == 429 or _retry_after_ms(came.body) is not None or "429" in codes(came.body):
        return True
    said = words(came.body)
    return len(said) <= _SEARCHED and _LIMIT_SENTENCE.fullmatch(said) is not None


def about_the_list(refusal: Answer) -> bool:
    """Tell whether a refused read of one list says something of that list, not of the sign-in or the way there."""
    return _is_2xx(refusal) or (400 <= refusal.status < 500 and refusal.status not in _NOT_ABOUT_THE_LIST)


def date_of(answer: Answer) -> float | None:
    """Return when the API says that it answered, in seconds since the epoch; None if it does not."""
    return _timestamp(answer.headers.get("date", ""))


def _retryable(answer: Answer, error: str, now: float, *, landed: bool) -> Unsettled:
    wait = _retry_after(answer, now)
    if wait is not None and wait > LONGEST_WAIT:
        asked = f"{wait:.0f} s" if wait < _YEARS else "for years"
        error = f"{error} (it asks to wait {asked}, which is over {LONGEST_WAIT:.0f} s: run again after that)"
        return Unsettled(error, landed=landed, again=False)
    return Unsettled(error, landed=landed, again=True, wait=wait)


def _retry_after(answer: Answer, now: float) -> float | None:
    said = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", said):
        return min(float(said), _YEARS)
    until, then = _timestamp(said), date_of(answer)
    if until is not None:
        return max(0.0, until - (now if then is None else then))
    milliseconds = _retry_after_ms(answer.body)
    return None if milliseconds is None else milliseconds / 1000


def _retry_after_ms(body: bytes) -> float | None:
    """Return `retryAfterMs` of the body, or of its `error`; None if it is no number of milliseconds."""
    document = parse_json(body)
    if not isinstance(document, dict):
        return None
    for part in (document, document.get("error")):
        wait = part.get("retryAfterMs") if isinstance(part, dict) else None
        if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 <= wait < float("inf"):
            return float(min(wait, _YEARS * 1000))  # an integer may be larger than any float
    return None


@lru_cache(maxsize=1)
def _timestamp(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _is_2xx(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _status(answer: Answer) -> str | None:
    """Return the `status` in the body, in lower case; None if there is none."""
    document = parse_json(answer.body)
    status = document.get("status") if isinstance(document, dict) else None
    return status.lower() if isinstance(status, str) and status else None


def _error(answer: Answer, outcome: str | None, secrets: Collection[str]) -> str:
    said = words(answer.body)
    if 300 <= answer.status < 400:
        said = f"a redirect to {answer.headers.get('location', 'nowhere')}, which is not followed"
    elif _is_2xx(answer):
        said = f"status {outcome}, {said}" if outcome else f"not the JSON that was expected, {said or 'empty'}"
    return f"HTTP {answer.status}: {safe(said, secrets) or 'no words'}"
