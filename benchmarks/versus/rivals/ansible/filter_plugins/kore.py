"""What Ansible does not have: a JWT, and a comparison of two thousand entries in less than half a minute.

`{{ client_id | kore_token(client_secret) }}` signs in; `{{ lists | differing_from(live) }}` keeps the lists to write.
"""

import time
import uuid

import jwt


def kore_token(client_id, client_secret):
    now = int(time.time())
    claims = {"sub": "ansible", "appId": client_id, "jti": str(uuid.uuid4()), "exp": now + 3000}
    return jwt.encode(claims, client_secret, "HS256")


def differing_from(lists, live):
    known = {entry["_id"]: (entry["name"], entry.get("description") or "") for entry in live}
    return [wanted for wanted in lists if known[wanted["_id"]] != (wanted["name"], wanted["description"])]


class FilterModule:
    def filters(self):
        return {"kore_token": kore_token, "differing_from": differing_from}
