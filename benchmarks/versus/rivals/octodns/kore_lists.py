"""Contact lists as records of a zone `lists.`: the name of a record is the list's id, its value the two texts.

Read all once in `populate`, one PUT for each update in `_apply`. All else is octoDNS's engine: reading the YAML,
comparing, showing the plan, refusing to change more than 30%.
"""

import logging
import time
import uuid

import jwt
import requests
from octodns.provider.base import BaseProvider
from octodns.record import Create, Delete, Record
from octodns.record.base import ValueMixin
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

PATIENT = Retry(total=7, backoff_factor=1, status_forcelist=(429, 502, 503, 504), allowed_methods=None)


class Texts(dict):
    VALIDATORS = ()

    @classmethod
    def _schema(cls):
        return {"type": "object"}

    @classmethod
    def process(cls, value):
        return cls(name=value["name"], description=value.get("description") or "")


class ListRecord(ValueMixin, Record):
    _type = "Kore/LIST"
    _value_type = Texts
    VALIDATORS = ()


Record.register_type(ListRecord)


class ContactLists(BaseProvider):
    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS_ROOT_NS = False
    SUPPORTS = {ListRecord._type}

    def __init__(self, id, host, stream_id, account_id, client_id, client_secret, **rest):
        self.log = logging.getLogger(f"ContactLists[{id}]")
        super().__init__(id, **rest)
        self._base = f"{host}/campaign/api/v2/public/{stream_id}/campaign/contactList"
        self._app = (client_id, client_secret)
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=PATIENT))
        self._session.headers.update({"iid": stream_id, "accountId": account_id})
        self._session.params = {"accountId": account_id, "type": "call"}

    def populate(self, zone, target=False, lenient=False):
        for entry in self._call("POST", "getAllListDetails"):
            data = {"type": ListRecord._type, "ttl": 60, "value": entry}
            zone.add_record(Record.new(zone, entry["_id"], data, source=self, lenient=lenient), lenient=lenient)
        return True

    def _apply(self, plan):
        for change in plan.changes:
            if isinstance(change, Create | Delete):
                raise NotImplementedError(f"lists are neither made nor deleted: {change}")
            self._call("PUT", change.new.name, dict(change.new.value))

    def _call(self, method, path, body=None):
        client_id, secret = self._app
        claims = {"sub": "octodns", "appId": client_id, "jti": str(uuid.uuid4()), "exp": int(time.time()) + 300}
        headers = {"auth": jwt.encode(claims, secret, "HS256")}
        answer = self._session.request(method, f"{self._base}/{path}", headers=headers, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()["data"]
