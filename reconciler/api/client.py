"""The API of one account, as `protocols.Remote` promises it: reads that retry, PUTs of one attempt each."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from reconciler.api.answers import Answer, NoAnswer, about_the_list, date_of, is_rate_limit, judge, judge_no_answer
from reconciler.api.credentials import AppCredentials, Credentials
from reconciler.api.error_text import safe
from reconciler.api.http import Http, Request
from reconciler.api.listings import live, live_list, strange_to
from reconciler.api.rate_limit import RateLimit
from reconciler.api.signin import refusal_message
from reconciler.api.token import Tokens
from reconciler.errors import RemoteError, SignInError
from reconciler.model.fields import MANAGED
from reconciler.model.lists import Absent, Live, LiveList, OddList, Target
from reconciler.model.put_answers import Acknowledged, PutAnswer, Rejected, Unsent, Unsettled
from reconciler.model.retry import ATTEMPTS, backoff
from reconciler.model.texts import Texts
from reconciler.protocols import Clock

_NEVER = float("inf")
_MOST_TOLD = 10
_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_Settled: TypeAlias = tuple[Answer, Acknowledged | Rejected]


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of the API: its method, and its path below `/contactList`."""

    method: str
    path: str
    read_all: bool = False
    body: bytes = b""
    by: float = _NEVER


class _LateError(Exception):
    """The turn of a call came after the time that it was to be sent by."""


class Client:
    """The contact lists of one account, one request at a time."""

    def __init__(
        self,
        target: Target,
        credentials: Credentials,
        clock: Clock,
        rate_limit: RateLimit,
        *,
        timeout: tuple[float, float] = (10.0, 30.0),
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Talk to `target` within `rate_limit`, which all clients of the account share.

        `timeout` is in seconds, to connect and to read; a request takes at most the first and twice the second.
        `chance` draws evenly from 0 to 1, for the jitter. Raises UsageError for an unusable secret or proxy.
        """
        self._target = target
        self._credentials = credentials
        self._clock = clock
        self._rate_limit = rate_limit
        self._chance = chance
        self._tokens = Tokens(credentials, clock)
        self._http = Http(target.host.rstrip("/"), *timeout)
        self._base = f"/campaign/api/v2/public/{quote(target.stream_id, safe='')}/campaign/contactList"
        self._query = urlencode({"accountId": target.account_id})
        self._read_all_by = "POST"
        self._requests = 0
        self._skew: float | None = None
        self._told_odd: set[str] = set()
        self._secrets: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        self._http.close()

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far, retries included."""
        return self._requests

    @property
    def skew(self) -> float | None:
        """By how many seconds the API's clock is ahead of ours, by its last `Date`; None while it has sent none."""
        return self._skew

    def delay(self, places: int) -> float:
        """Return the seconds until the rate limit lets `places` requests go back to back; 0.0 when now."""
        return self._rate_limit.delay(places)

    def read_all(self) -> Live:
        """Return every list of the account; by GET, from then on, if the API does not take the documented POST."""
        what = f"reading all lists of account {self._target.account_id} at {self._target.host}"
        answer, verdict = self._read(what, _Call(self._read_all_by, "/getAllListDetails", read_all=True))
        if answer.status in {404, 405} and self._read_all_by == "POST":
            first = f"by POST {verdict.error}, by GET " if isinstance(verdict, Rejected) else ""
            answer, verdict = self._read(what, _Call("GET", "/getAllListDetails", read_all=True))
            if isinstance(verdict, Rejected):
                verdict = replace(verdict, error=first + verdict.error)
            else:
                self._read_all_by = "GET"
        if isinstance(verdict, Rejected):
            raise RemoteError(_refusal(what, verdict.error))
        found = _take(what, lambda: live(answer.body, self._secrets))
        self._tell_odd(found)
        return found

    def _tell_odd(self, found: Live) -> None:
        """Name, once each, the lists whose records cannot be understood; of many, the first."""
        news = [odd for list_id, odd in found.odd.items() if list_id not in self._told_odd]
        self._told_odd |= found.odd.keys()
        for odd in news[:_MOST_TOLD]:
            _log.warning("left out: the API's record of list %s: %s", safe(odd.id, ()), odd.reason)
        if len(news) > _MOST_TOLD:
            _log.warning("left out: %d more lists whose records cannot be understood", len(news) - _MOST_TOLD)

    def read(self, list_id: str) -> LiveList | OddList | Absent:
        """Return one list, or that there is none."""
        what = f"reading list {list_id!r} of account {self._target.account_id} at {self._target.host}"
        answer, verdict = self._read(what, _Call("GET", f"/{quote(list_id, safe='')}"))
        if isinstance(verdict, Acknowledged):
            return _take(what, lambda: live_list(list_id, answer.body))
        if about_the_list(answer):
            return Absent(list_id, verdict.error)
        raise RemoteError(_refusal(what, verdict.error))

    def put(self, list_id: str, body: Texts, by: float = _NEVER) -> PutAnswer:
        """Make one attempt to write `body`, waiting for the rate limit first; none if that lasts beyond `by`."""
        content = json.dumps({MANAGED[field].wire: text for field, text in body.items()}).encode()
        try:
            came = self._attempt(_Call("PUT", f"/{quote(list_id, safe='')}", body=content, by=by))
        except _LateError:
            return Unsent()
        if isinstance(came, Unsettled):
            return came
        answer, verdict = came
        if isinstance(verdict, Rejected) and verdict.unauthorized:
            return replace(verdict, error=self._sign_in_refused(verdict.error))
        if isinstance(verdict, Acknowledged) and (other := strange_to(list_id, answer.body)):
            return Unsettled(f"an answer of success, but about {other}", landed=True, again=True)
        return verdict

    def _read(self, what: str, call: _Call) -> _Settled:
        """Attempt a read until its answer is settled; raises SignInError on 401, RemoteError if it stays open."""
        attempt = 1
        while isinstance(came := self._attempt(call), Unsettled):
            if not came.again or attempt == ATTEMPTS:
                tries = "at the first attempt" if attempt == 1 else f"{attempt} times"
                raise RemoteError(
                    f"{what} failed {tries}: {came.error}. Look at the network and the host, then run again"
                )
            wait = max(came.wait or 0.0, backoff(attempt, self._chance()))
            _log.warning("%s: %s; attempt %d of %d in %.0f s", what, came.error, attempt + 1, ATTEMPTS, wait)
            self._clock.sleep(wait)
            attempt += 1
        _, verdict = came
        if isinstance(verdict, Rejected) and verdict.unauthorized:
            raise SignInError(self._sign_in_refused(verdict.error))
        return came

    def _attempt(self, call: _Call) -> _Settled | Unsettled:
        """Send one request, with a token made after any waiting, and judge what came."""
        with self._rate_limit.place():
            if self._clock.monotonic() > call.by:
                raise _LateError
            token = self._tokens.fresh()
            self._requests += 1
            came = self._http.send(self._request(call, token))
        held = self._credentials
        secrets = self._secrets = (token, held.client_secret) if isinstance(held, AppCredentials) else (token,)
        if isinstance(came, NoAnswer):
            return judge_no_answer(came, secrets)
        now, date = self._clock.now(), date_of(came)
        self._skew = self._skew if date is None else date - now
        verdict = judge(came, now, secrets)
        if isinstance(verdict, Unsettled) and is_rate_limit(came):
            self._rate_limit.note_refusal(verdict.wait)
        else:
            self._rate_limit.note_acceptance()
        return verdict if isinstance(verdict, Unsettled) else (came, verdict)

    def _request(self, call: _Call, token: str) -> Request:
        target = self._target
        headers = {"auth": token, "iid": target.stream_id, "accountId": target.account_id}
        if call.body:
            headers["Content-Type"] = "application/json"
        query = self._query + ("&type=call" if call.read_all else "")
        return Request(call.method, f"{self._base}{call.path}?{query}", headers, call.body)

    def _sign_in_refused(self, error: str) -> str:
        return refusal_message(error, self._target, self._credentials, self._skew)


def _take(what: str, take: Callable[[], _T]) -> _T:
    """Return what `take` makes of an answer; its refusal says `what` was read."""
    try:
        return take()
    except RemoteError as exc:
        raise RemoteError(f"{what} failed: {exc}") from exc


def _refusal(what: str, error: str) -> str:
    return f"{what} was refused: {error}. Look at host, stream_id and account_id in the manifest and at the app's scope"
