"""Changing a running sandbox from outside: JSON over `/_sandbox/`, neither logged nor counted in the limit.

    GET PATCH             /_sandbox/settings                  the switches; PATCH {"limit": 0}
    GET POST DELETE       /_sandbox/faults                    POST an array of faults; DELETE disarms all
    GET DELETE            /_sandbox/requests                  every request so far; DELETE forgets them
    GET                   /_sandbox/accounts                  their ids
    GET PUT DELETE        /_sandbox/accounts/{account}        {"streams": […], "lists": […]}, each may be left out
    GET PUT               /_sandbox/accounts/{account}/lists  [{"id", each managed field, "campaigns"?, "running"?,
                                                              "do_not_call"?}, …]
    GET PUT PATCH DELETE  /_sandbox/accounts/{account}/lists/{id}   one of them, as someone else would write it

Every answer holds what is there afterwards, lists as stored. What cannot be done is 400, 404 or 405 with
{"errors": [{"msg": …}]}. No token is asked for here, so a web page could reach it through a browser on this machine: a
request that names another host than this machine (DNS rebinding), or comes from a page of another origin, is 403.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from reconciler.errors import UsageError
from reconciler.model.hosts import is_loopback
from reconciler.sandbox import verbs
from reconciler.sandbox.complaints import complaints
from reconciler.sandbox.verbs import MissingError, Verb
from reconciler.sandbox.world import World

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PREFIX = "/_sandbox/"
_VERBS: dict[str, dict[str, Verb]] = {
    "settings": {"GET": verbs.settings, "PATCH": verbs.change_settings},
    "faults": {"GET": verbs.faults, "POST": verbs.arm_faults, "DELETE": verbs.disarm_faults},
    "requests": {"GET": verbs.requests, "DELETE": verbs.forget_requests},
    "accounts": {"GET": verbs.accounts},
    "accounts/{account}": {"GET": verbs.account, "PUT": verbs.set_account, "DELETE": verbs.delete_account},
    "accounts/{account}/lists": {"GET": verbs.lists, "PUT": verbs.set_lists},
    "accounts/{account}/lists/{id}": {
        "GET": verbs.one_list,
        "PUT": verbs.set_list,
        "PATCH": verbs.edit_list,
        "DELETE": verbs.delete_list,
    },
}


class _Line(JSONResponse):
    """JSON that ends its line, so that the prompt of a shell stands below what curl prints."""

    def render(self, content: object) -> bytes:
        """Return the document with a line break at its end."""
        return super().render(content) + b"\n"


def control(world: World) -> Starlette:
    """Return the application that serves the control path of `world`."""
    routes = [Route(PREFIX + path, _endpoint(world, by_method), methods=_METHODS) for path, by_method in _VERBS.items()]
    return Starlette(routes=[*routes, Mount("/", _nowhere)])


def _endpoint(world: World, by_method: dict[str, Verb]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if foreign := _foreign(request):
            return _refusal(403, [foreign])
        if not (verb := by_method.get(request.method)):
            return _refusal(405, [f"{request.method} is not possible here: {', '.join(by_method)}"])
        try:
            return _Line(verb(world, request.path_params, await request.body()))
        except MissingError as error:
            return _refusal(404, [str(error)])
        except UsageError as error:
            return _refusal(400, str(error).splitlines())
        except ValidationError as error:
            return _refusal(400, complaints(error))

    return endpoint


def _foreign(request: Request) -> str | None:
    """Say what shows that a request does not come from a program on this machine; None if nothing does."""
    hosts, origins = request.headers.getlist("host"), request.headers.getlist("origin")
    if len(hosts) != 1 or not _is_this_machine(hosts[0]):
        return f"Host: {', '.join(hosts)!r} is not this machine: use 127.0.0.1 or localhost"
    if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
        return f"Origin: {', '.join(origins)!r} is a page of another site: it cannot change the sandbox"
    return None


def _is_this_machine(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    paths = ", ".join(PREFIX + path for path in _VERBS)
    await _refusal(404, [f"there is nothing at {scope['path']}; there are {paths}"])(scope, receive, send)


def _refusal(status: int, messages: Iterable[str]) -> Response:
    return _Line({"errors": [{"msg": message} for message in messages]}, status)
