"""Every switch, one after the other: what the wire shows under its default and under its other values."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest

from reconciler.sandbox.accounts import ACCOUNT_ID, SOMEONE, USER, ContactList
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.settings import Settings, parse
from tests.sandbox.client import Client, client_of, token

LISTS = (
    ContactList("cl-1", {"name": "Renewal due", "description": "Service ends in July"}, ("Spring",)),
    ContactList("cl-2", {"name": "Win back"}),
    ContactList("cl-3", {"name": "VIP", "description": "The best"}),
)

LIMIT_MESSAGE = "Rate limit exceeded: 2 requests per minute are allowed for an account"


def third_of_three(client: Client) -> object:
    answers = [client.read("cl-1") for _ in range(3)]
    return [answer.status for answer in answers], "retry-after" in answers[-1].headers


def third_message(client: Client) -> object:
    document = [client.read("cl-1").document for _ in range(3)][-1]
    return document.get("message") or document["errors"]


def third_waits(client: Client) -> object:
    return int([client.read("cl-1") for _ in range(3)][-1].headers["retry-after"]) in range(50, 61)


def third_waits_until(client: Client) -> object:
    headers = [client.read("cl-1") for _ in range(3)][-1].headers
    waited = parsedate_to_datetime(headers["retry-after"]) - parsedate_to_datetime(headers["date"])
    return 50 <= waited.total_seconds() <= 61


def after_the_window(client: Client) -> object:
    statuses = [client.read("cl-1").status for _ in range(3)]
    time.sleep(3.05)
    return [*statuses, client.read("cl-1").status]


def window_while_refused(client: Client) -> object:
    """Two go, then two are refused in the middle of the window; after its end, is there room?"""
    statuses = [client.read("cl-1").status for _ in range(2)]
    time.sleep(1.8)
    statuses += [client.read("cl-1").status for _ in range(2)]
    time.sleep(1.3)
    return [*statuses, client.read("cl-1").status]


def methods_of_read_all(client: Client) -> object:
    return [client.read_all(method).status for method in ("POST", "GET", "PUT")]


def ids_in_read_all_and_alone(client: Client) -> object:
    everything = client.send("POST", client.path("getAllListDetails"))
    return (
        [each["_id"] for each in client.read_all().lists],
        len(everything.lists),
        client.read("cl-3").status,
    )


def ids_with_one_not_to_call(client: Client) -> object:
    client.control("PATCH", f"accounts/{ACCOUNT_ID}/lists/cl-2", {"do_not_call": True})
    return ids_in_read_all_and_alone(client)


def gone(client: Client) -> object:
    read, put = client.read("cl-9"), client.put("cl-9", name="X")
    assert (read.status, read.raw) == (put.status, put.raw)
    return read.status, read.document.get("status"), read.document.get("data", "no data")


def descriptions(client: Client) -> object:
    alone = client.read("cl-2").data
    (listed,) = (each for each in client.read_all().lists if each["_id"] == "cl-2")
    assert listed.get("description", "absent") == alone.get("description", "absent")
    return alone.get("description", "absent"), client.read("cl-1").data["description"]


def in_use(client: Client) -> object:
    return [each["isListInUse"] for each in client.read_all().lists]


def in_use_while_running(client: Client) -> object:
    client.control("PATCH", f"accounts/{ACCOUNT_ID}/lists/cl-2", {"running": True})
    return in_use(client)


def saved_by(client: Client) -> object:
    seen = [client.read("cl-1").data["updatedBy"]]
    client.put("cl-1", name="New")
    seen.append(client.read("cl-1").data["updatedBy"])
    client.control("PATCH", f"accounts/{ACCOUNT_ID}/lists/cl-1", {"name": "Newer"})
    return [*seen, client.read("cl-1").data["updatedBy"]]


def rename(client: Client) -> object:
    assert client.put("cl-1", name="New").status == 200
    return client.read("cl-1").data["name"], client.read("cl-1").data["description"]


def describe(client: Client) -> object:
    assert client.put("cl-1", description="New").status == 200
    return client.read("cl-1").data["name"], client.read("cl-1").data["description"]


def clearing(client: Client) -> object:
    return client.put("cl-1", description="").status, client.read("cl-1").data["description"]


def untidy(client: Client) -> object:
    client.put("cl-1", name="  Caf\u0065\u0301  DUE ", description="a \n b ")
    return client.read("cl-1").data["name"], client.read("cl-1").data["description"]


def same_name(client: Client) -> object:
    return client.put("cl-1", name="WIN BACK").status, client.read("cl-1").data["name"]


def long_name(client: Client) -> object:
    return [client.put("cl-1", name="n" * length).status for length in (11, 48, 49)]


def long_description(client: Client) -> object:
    return [client.put("cl-1", description="d" * length).status for length in (11, 256, 257)]


def emoji(client: Client) -> object:
    return [client.put("cl-1", name="😀" * length).status for length in (24, 25, 48, 49)]


def alphabets(client: Client) -> object:
    return [client.put("cl-1", name=name).status for name in ("plain", "Zürich", "😀")]


def fresh_rename(client: Client) -> object:
    client.put("cl-1", name="New")
    before = client.read_all().lists[0]["name"], client.read("cl-1").data["name"]
    client.control("PATCH", "settings", {"late_writes": 0})
    return before, (client.read_all().lists[0]["name"], client.read("cl-1").data["name"])


def slow(client: Client) -> object:
    start = time.monotonic()
    client.read("cl-1")
    return time.monotonic() - start >= 0.2


def without_token(client: Client) -> object:
    return client.read("cl-1", {"auth": None}).status


def algorithms(client: Client) -> object:
    return [client.read("cl-1", {"auth": token(algorithm=each)}).status for each in ("HS256", "HS512")]


def used_twice(client: Client) -> object:
    auth = token()
    return [client.read("cl-1", {"auth": auth}).status for _ in range(2)]


def expired_a_moment_ago(client: Client) -> object:
    return client.read("cl-1", {"auth": token(exp=time.time() - 10)}).status


def signed_in(client: Client) -> object:
    answer = client.read("cl-1")
    return answer.error if answer.status == 401 else answer.status


def clock(client: Client) -> object:
    answer = client.read("cl-1")
    ahead = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
    return answer.status, round(ahead / 100)


def dated(client: Client) -> object:
    return "date" in client.read("cl-1").headers


def words(client: Client) -> object:
    answers = (client.read("cl-1"), client.read_all(), client.put("cl-1", name="X"))
    return {answer.document["status"] for answer in answers}


def error_keys(client: Client) -> object:
    errors = [client.read("cl-1", {"auth": "no"}), client.read("cl-9"), client.put("cl-1", name=7)]
    return {next(iter(error.document["errors"][0])) for error in errors}  # type: ignore[index]


Scenario = Callable[[Client], object]

# The switches that matter, the scenario, and what it shows.
ROWS: list[tuple[str, Scenario, object]] = [
    ("", third_of_three, ([200, 200, 200], False)),
    ("limit=2", third_of_three, ([200, 200, 429], False)),
    ("limit=0", third_of_three, ([200, 200, 200], False)),
    ("limit=2 limit_answer=429", third_message, [{"msg": LIMIT_MESSAGE, "code": 429}]),
    ("limit=2 limit_answer=429-retry-after", third_waits, True),
    ("limit=2 limit_answer=429-retry-date", third_waits_until, True),
    ("limit=2 limit_answer=429-retry-date clock_skew=-100", third_waits_until, True),
    ("limit=2 limit_answer=200-message", third_of_three, ([200, 200, 200], False)),
    ("limit=2 limit_answer=200-message", third_message, LIMIT_MESSAGE),
    ("limit=2 limit_window=60", after_the_window, [200, 200, 429, 429]),
    ("limit=2 limit_window=3", after_the_window, [200, 200, 429, 200]),
    ("limit=2 limit_window=3", window_while_refused, [200, 200, 429, 429, 429]),
    ("limit=2 limit_window=3 limit_counts_refused=off", window_while_refused, [200, 200, 429, 429, 200]),
    ("", methods_of_read_all, [200, 405, 405]),
    ("read_all_method=get", methods_of_read_all, [405, 200, 405]),
    ("read_all_method=both", methods_of_read_all, [200, 200, 405]),
    ("read_all_method=get wrong_method=404", methods_of_read_all, [404, 200, 404]),
    ("", ids_in_read_all_and_alone, (["cl-1", "cl-2", "cl-3"], 3, 200)),
    ("", ids_with_one_not_to_call, (["cl-1", "cl-3"], 3, 200)),
    ("read_all_type_hides=dnc", ids_with_one_not_to_call, (["cl-1", "cl-3"], 3, 200)),
    ("read_all_type_hides=0", ids_with_one_not_to_call, (["cl-1", "cl-2", "cl-3"], 3, 200)),
    ("read_all_type_hides=2", ids_in_read_all_and_alone, (["cl-1"], 3, 200)),
    ("read_all_type_hides=9", ids_in_read_all_and_alone, ([], 3, 200)),
    ("read_all_type_hides=cl-1,cl-3", ids_in_read_all_and_alone, (["cl-2"], 3, 200)),
    ("", gone, (404, None, "no data")),
    ("gone_answer=412", gone, (412, None, "no data")),
    ("gone_answer=200-null", gone, (200, "success", None)),
    ("gone_answer=200-failed", gone, (200, "failed", "no data")),
    ("", descriptions, ("", "Service ends in July")),
    ("null_description=null", descriptions, (None, "Service ends in July")),
    ("null_description=absent", descriptions, ("absent", "Service ends in July")),
    ("", in_use, [False, False, False]),
    ("", in_use_while_running, [False, True, False]),
    ("list_in_use=used", in_use_while_running, [True, False, False]),
    ("list_in_use=never", in_use_while_running, [False, False, False]),
    ("", saved_by, [SOMEONE, USER, SOMEONE]),
    ("tells_who=off", saved_by, [None, None, None]),
    ("", rename, ("New", "Service ends in July")),
    ("unsent_fields=wipe", rename, ("New", "")),
    ("", describe, ("Renewal due", "New")),
    ("unsent_fields=wipe", describe, ("", "New")),
    ("", clearing, (200, "")),
    ("empty_description=ignore", clearing, (200, "Service ends in July")),
    ("empty_description=refuse", clearing, (412, "Service ends in July")),
    ("", untidy, ("  Caf\u0065\u0301  DUE ", "a \n b ")),
    ("texts=trim", untidy, ("Caf\u0065\u0301  DUE", "a \n b")),
    ("texts=squeeze", untidy, ("Caf\u0065\u0301 DUE", "a b")),
    ("texts=lower", untidy, ("  caf\u0065\u0301  due ", "a \n b ")),
    ("texts=nfc", untidy, ("  Caf\u00e9  DUE ", "a \n b ")),
    ("", same_name, (412, "Renewal due")),
    ("duplicate_names=allow", same_name, (200, "WIN BACK")),
    ("", long_name, [200, 200, 412]),
    ("name_length=10", long_name, [412, 412, 412]),
    ("", long_description, [200, 200, 412]),
    ("description_length=10", long_description, [412, 412, 412]),
    ("", emoji, [200, 412, 412, 412]),
    ("length_unit=codepoints", emoji, [200, 200, 200, 412]),
    ("", alphabets, [200, 200, 200]),
    ("characters=bmp", alphabets, [200, 200, 412]),
    ("characters=ascii", alphabets, [200, 412, 412]),
    ("", fresh_rename, (("New", "New"), ("New", "New"))),
    ("late_writes=3600", fresh_rename, (("Renewal due", "Renewal due"), ("New", "New"))),
    ("late_writes=3600 late_reads=all", fresh_rename, (("Renewal due", "New"), ("New", "New"))),
    ("late_writes=3600 late_reads=one", fresh_rename, (("New", "Renewal due"), ("New", "New"))),
    ("", slow, False),
    ("latency=0.2", slow, True),
    ("", without_token, 401),
    ("check_token=off", without_token, 200),
    ("", algorithms, [200, 200]),
    ("algorithms=HS256", algorithms, [200, 401]),
    ("algorithms=HS512", algorithms, [401, 200]),
    ("", used_twice, [200, 401]),
    ("enforce_jti=off", used_twice, [200, 200]),
    ("", expired_a_moment_ago, 401),
    ("leeway=30", expired_a_moment_ago, 200),
    ("", signed_in, 200),
    ("scope_missing=on", signed_in, ("Permission denied. Scope is incorrect!", 401)),
    ("", clock, (200, 0)),
    ("clock_skew=200", clock, (200, 2)),
    ("clock_skew=400", clock, (401, 4)),
    ("clock_skew=-100", clock, (401, -1)),
    ("", dated, True),
    ("date=off", dated, False),
    ("", words, {"success"}),
    ("success_word=SUCCESS", words, {"SUCCESS"}),
    ("", error_keys, {"msg"}),
    ("error_key=message", error_keys, {"message"}),
]


@pytest.mark.parametrize(
    ("settings", "scenario", "expected"), ROWS, ids=[f"{row[1].__name__}[{row[0] or 'defaults'}]" for row in ROWS]
)
def test_a_switch_does_what_it_says(settings: str, scenario: Scenario, expected: object) -> None:
    with Sandbox(settings=parse(settings.split()), lists=LISTS) as sandbox:
        assert scenario(client_of(sandbox)) == expected


def test_every_switch_has_a_row() -> None:
    named = {assignment.partition("=")[0] for settings, _, _ in ROWS for assignment in settings.split()}
    assert named == set(Settings.model_fields)
