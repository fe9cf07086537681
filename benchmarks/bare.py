"""The rival of a PUT: a loop of `httpx.Client.put` and nothing else, same bodies, same server."""

from __future__ import annotations

from pathlib import Path

from benchmarks import places
from benchmarks.timing import Command

ACCOUNT = 9000
LOOP = """
import sys, time, httpx, jwt
url, client_id, secret, account, count = sys.argv[1:6]
token = jwt.encode({"sub": "bare", "appId": client_id}, secret)
headers = {"auth": token, "iid": "st-0603182c-7ffb-53c3-b307-47ca14b00000", "accountId": account}
base = url + "/campaign/api/v2/public/st-0603182c-7ffb-53c3-b307-47ca14b00000/campaign/contactList/"
with httpx.Client(headers=headers, params={"accountId": account}) as client:
    for number in range(int(count)):
        body = {"description": f"Text of list {number}, bare {time.time()}"}
        answer = client.put(f"{base}cl-{number:07x}-3aca-4008-973e-{number:012x}", json=body)
        assert answer.json()["status"] == "success", answer.text
"""


def loop(binaries: Path, served: places.Served, count: int) -> Command:
    """Return the command that sends `count` PUTs."""
    known = places.credentials()
    signed_in = [known["KORE_CLIENT_ID"], known["KORE_CLIENT_SECRET"]]
    return Command([binaries / "python", "-c", LOOP, served.url, *signed_in, f"a{ACCOUNT}", str(count)])
