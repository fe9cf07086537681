"""The loop that comes first to mind: read each list, write it where it differs. `--check` only says what differs."""

import os
import sys
import time
import uuid

import jwt
import requests
import yaml

BASE = f"{os.environ['KORE_HOST']}/campaign/api/v2/public/{os.environ['KORE_STREAM_ID']}/campaign/contactList"


def token():
    now = int(time.time())
    claims = {"sub": "loop", "appId": os.environ["KORE_CLIENT_ID"], "jti": str(uuid.uuid4()), "exp": now + 300}
    return jwt.encode(claims, os.environ["KORE_CLIENT_SECRET"], "HS256")


def call(session, method, path, body=None):
    answer = session.request(
        method,
        f"{BASE}/{path}",
        params={"accountId": os.environ["KORE_ACCOUNT_ID"]},
        headers={
            "auth": token(),
            "iid": os.environ["KORE_STREAM_ID"],
            "accountId": os.environ["KORE_ACCOUNT_ID"],
        },
        json=body,
        timeout=30,
    )
    answer.raise_for_status()
    return answer.json()["data"]


def main():
    with open("lists.yaml", encoding="utf-8") as file:
        lists = yaml.safe_load(file)["lists"]
    differing = 0
    with requests.Session() as session:
        for wanted in lists:
            live = call(session, "GET", wanted["_id"])
            if any((live.get(field) or "") != wanted[field] for field in ("name", "description")):
                differing += 1
                print("differs:", wanted["name"])
                if "--check" not in sys.argv:
                    call(session, "PUT", wanted["_id"], {field: wanted[field] for field in ("name", "description")})
    return 2 if differing and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
