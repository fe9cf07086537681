"""What a PUT costs: to this program, and to a loop of `httpx.Client.put` and nothing else, same bodies, same server.

Both say last, on stderr, how many seconds of processor time went from the second PUT to the last; the share of a PUT is
all that is done for one: in ours the journal, the limit, the token, the word on the terminal.
"""

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
marks = []
with httpx.Client(headers=headers, params={"accountId": account}) as client:
    for number in range(int(count)):
        marks.append(time.process_time())
        body = {"description": f"Text of list {number}, bare {time.time()}"}
        answer = client.put(f"{base}cl-{number:07x}-3aca-4008-973e-{number:012x}", json=body)
        assert answer.json()["status"] == "success", answer.text
print(marks[-1] - marks[1], file=sys.stderr)
"""
OWN = """
import sys, time
from reconciler.__main__ import main
from reconciler.api.client import Client
marks, put = [], Client.put
def marked(*given):
    marks.append(time.process_time())
    return put(*given)
Client.put = marked
sys.argv = ["reconciler", "apply", "--yes"]
try:
    sys.exit(main())
finally:
    print(marks[-1] - marks[1], file=sys.stderr)
"""


def loop(binaries: Path, served: places.Served, count: int) -> Command:
    """Return the command that sends `count` PUTs."""
    known = places.credentials()
    signed_in = [known["KORE_CLIENT_ID"], known["KORE_CLIENT_SECRET"]]
    return Command([binaries / "python", "-c", LOOP, served.url, *signed_in, f"a{ACCOUNT}", str(count)])


def own(binaries: Path, folder: Path) -> Command:
    """Return the command that applies what is declared in a folder."""
    return Command([binaries / "python", "-c", OWN], folder, places.credentials())
