"""`compare`, by the real program against two accounts: an edit is in `dev`, and not yet in `prod`."""

from __future__ import annotations

from pathlib import Path

from reconciler.sandbox.accounts import Account, ContactList
from reconciler.sandbox.server import ACCOUNT_ID
from tests.documents.test_schemas import valid
from tests.program import workplace
from tests.scenarios.test_editing import DEV

LISTS = """\
  vip: {id: {prod: cl-p1, dev: cl-d1}, name: VIP, description: Best}
  due: {id: {prod: cl-p2, dev: cl-d2}, name: Due, description: Old, overrides: {dev: {description: Just dev}}}
  new: {id: {dev: cl-d3}, name: New}
"""


def account(side: str, name_format: str, *streams: str, account_id: str) -> Account:
    names = [("VIP", "Best"), ("Due", "Just dev" if side == "d" else "Old"), ("New", "")]
    texts = [{"name": name_format.format(name), "description": said} for name, said in names]
    lists = [ContactList(f"cl-{side}{number}", each) for number, each in enumerate(texts, 1)]
    return Account.of(lists[: 3 if side == "d" else 2], account_id, streams)


def test_from_the_edit_to_its_promotion(tmp_path: Path) -> None:
    with workplace(tmp_path, account("p", "{}", account_id=ACCOUNT_ID).lists.values()) as place:
        world = place.sandbox.world
        world.set_account(account("d", "[dev] {}", "st-dev", account_id="b1"))
        place.manifest(LISTS, more=DEV.format(url=place.url))
        declared = place.run("compare", "dev", "prod", "--detailed-exitcode")
        assert declared.code == 2
        assert declared.out.startswith("dev → prod  1 only in dev, 1 different on purpose, 1 alike  (compared by the m")
        part = place.run("compare", "dev", "prod", "--detailed-exitcode", "--only", "vip", "--only", "due")
        assert (part.code, part.out.count("different on purpose")) == (0, 2)
        assert place.run("compare", "dev", "prod", "--only", "x*").err == "warning: --only x*: no list has such a key\n"
        assert place.run("compare", "prod", "prod").code == 1
        unknown = place.run("compare", "dev", "test", RECONCILER_ENV="prod")
        assert (unknown.code, unknown.out) == (1, "")
        assert unknown.err == "error: the manifest has no environment 'test'; it has prod, dev [USAGE]\n"
        assert len(world.log.entries) == 0
        assert place.run("apply", "--all-envs", "--yes").code == 0
        assert place.run("compare", "dev", "prod", "--state", "--json").document["warnings"] == []

        place.manifest(LISTS.replace("Best", "Better"), more=DEV.format(url=place.url))
        assert place.run("apply", "--env", "dev", "--yes").code == 0
        world.edit("cl-p2", {"name": "Due!"})
        world.log.clear()
        before = {path: path.read_bytes() for path in (place.folder / ".reconciler").iterdir()}
        live = place.run("compare", "dev", "prod", "--live", "--json", "--detailed-exitcode", "--report", "html=c.html")
        assert (live.code, len(world.log.entries)) == (2, 2)
        found = valid(live.out, "compare")
        assert found["summary"] == {
            "different": 2, "only_before": 1, "only_after": 0, "on_purpose": 0, "alike": 0, "requests": 2,
        }  # fmt: skip
        by_key = {each["key"]: each for each in found["lists"]}
        assert by_key["vip"]["fields"] == [
            {
                "field": "description",
                "before": "Better",
                "after": "Best",
                "overridden_in": [],
                "not_declared_in": ["prod"],
            }
        ]
        assert [each["not_declared_in"] for each in by_key["due"]["fields"]] == [["prod"], []]
        assert "Better" in (place.folder / "c.html").read_text(encoding="utf-8")
        state = valid(place.run("compare", "dev", "prod", "--state", "--json").out, "compare")
        assert (state["summary"]["different"], state["summary"]["on_purpose"]) == (1, 1)
        assert {path: path.read_bytes() for path in (place.folder / ".reconciler").iterdir()} == before

        refused = place.run("compare", "dev", "prod", "--live", KORE_CLIENT_SECRET="wrong")
        assert (refused.code, refused.out) == (1, "")
        unwritten = place.run("compare", "dev", "prod", "--report", "text=/dev/full")
        assert unwritten.code == 1
