"""The better loop: read all lists at once, write those that differ, and wait where the API says that it is too much.

`--check` only says what differs.
"""

import os
import sys
import time
import uuid

import jwt
import requests
import yaml
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

BASE = f"{os.environ['KORE_HOST']}/campaign/api/v2/public/{os.environ['KORE_STREAM_ID']}/campaign/contactList"
FIELDS = ("name", "description")
PATIENT = Retry(total=7, backoff_factor=1, status_forcelist=(429, 502, 503, 504), allowed_methods=None)


def token():
    now = int(time.time())
    claims = {"sub": "loop", "appId": os.environ["KORE_CLIENT_ID"], "jti": str(uuid.uuid4()), "exp": now + 300}
    return jwt.encode(claims, os.environ["KORE_CLIENT_SECRET"], "HS256")


def call(session, method, path, body=None):
    answer = session.request(
        method,
        f"{BASE}/{path}",
        params={"accountId": os.environ["KORE_ACCOUNT_ID"], "type": "call"},
        headers={
            "auth": token(),
            "iid": os.environ["KORE_STREAM_ID"],
            "accountId": os.environ["KORE_ACCOUNT_ID"],
        },
        json=body,
        timeout=30,
    )
    answer.raise_for_status()
    document = answer.json()
    if document["status"].lower() != "success":
        sys.exit(f"{method} {path}: {document}")
    return document["data"]


def texts(entry):
    return {field: entry.get(field) or "" for field in FIELDS}


def main():
    with open("lists.yaml", encoding="utf-8") as file:
        lists = yaml.safe_load(file)["lists"]
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=PATIENT))
        live = {entry["_id"]: texts(entry) for entry in call(session, "POST", "getAllListDetails")}
        differing = [wanted for wanted in lists if live[wanted["_id"]] != texts(wanted)]
        for wanted in differing:
            print("differs:", wanted["name"])
            if "--check" not in sys.argv:
                call(session, "PUT", wanted["_id"], texts(wanted))
    return 2 if differing and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
