"""The rate limit: a sliding window per account."""

from __future__ import annotations

from collections import defaultdict, deque
from math import ceil

from reconciler.sandbox.replies import Reply, failure, json_reply
from reconciler.sandbox.settings import Settings


class Limit:
    """Counts the requests of each account, all calls and all streams together."""

    def __init__(self) -> None:
        self._counted: defaultdict[str, deque[float]] = defaultdict(deque)

    def over(self, account: str, at: float, settings: Settings) -> Reply | None:
        """Count a request that arrived `at`; return the refusal if that is one too many."""
        counted = self._counted[account]
        while counted and at - counted[0] >= settings.limit_window:
            counted.popleft()
        refused = 0 < settings.limit <= len(counted)
        if not refused or settings.limit_counts_refused:
            counted.append(at)
        if not refused:
            return None
        free_at = counted[len(counted) - settings.limit] + settings.limit_window
        return refusal(settings, free_at - at)


def refusal(settings: Settings, wait: float) -> Reply:
    """Return what a request over the limit gets, `wait` seconds before there is room again."""
    message = f"Rate limit exceeded: {settings.limit} requests per minute are allowed for an account"
    if settings.limit_answer == "200-message":
        return json_reply({"status": "error", "message": message})
    reply = failure(settings, 429, message)
    match settings.limit_answer:
        case "429-retry-after":
            return reply.retry_in(ceil(wait))
        case "429-retry-date":
            return reply.retry_at(settings, ceil(wait))
        case _:
            return reply
