"""The works that are measured: each yields figures, with the target that it is held against."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import places
from benchmarks.timing import Command, Pair, in_turns

MANY, ACCOUNTS = 100_000, 300
MINUTE = 61.0  # seconds after which the limit of requests has forgotten one
REAL = {1_000: 0.7, 10_000: 0.3}  # lists that an account, or all accounts of a team, may have: at most this ratio
EVENTS = """
import sys, yaml
with open(sys.argv[1], "rb") as f:
    for e in yaml.parse(f, Loader=yaml.CSafeLoader):
        pass
"""
LOAD = """
import sys, yaml
with open(sys.argv[1], "rb") as f:
    yaml.load(f, Loader=yaml.CSafeLoader)
"""
SCRIPT = """
import json, yaml
with open("lists.yaml") as f:
    manifest = yaml.safe_load(f)
with open(".reconciler/prod.state.json") as f:
    known = json.load(f)["lists"]
for key, wanted in manifest["lists"].items():
    wanted = {**wanted, **wanted.get("overrides", {}).get("prod", {})}
    applied = known.get(key, {}).get("applied", {})
    for field in ("name", "description"):
        if wanted[field] != applied.get(field):
            print(key, field, applied.get(field), "->", wanted[field])
"""
STYLES: Mapping[str, places.Style] = {
    "plain": str,
    "in quotes": places.quoted,
    "folded": places.folded,
    "as `yaml.dump` writes them": places.dumped,
    "with ids by environment and a tenth with `overrides`": places.overridden,
}


@dataclass(frozen=True)
class Figure:
    """One figure: what it is of, its unit (`×`: a ratio), the most that it may be, and between what its turns lie."""

    work: str
    value: float
    unit: str
    most: float
    spread: tuple[float, float] | None = None


def start(binaries: Path, turns: int) -> Iterator[Figure]:
    """Yield how long it takes to begin."""
    nothing = Command([binaries / "python", "-c", "pass"])
    version = Command([binaries / "reconciler", "--version"])
    yield _ratio("`--version` / `python -c pass`", in_turns(version, nothing, 3 * turns), 1.5)
    small = places.large(places.FOLDER / "lists-3", 3)
    yield _ratio("`plan` of 3 lists / `python -c pass`", in_turns(_plan(binaries, small), nothing, 3 * turns), 15)


def real(binaries: Path, turns: int) -> Iterator[Figure]:
    """Yield what a plan takes at sizes that exist, however it is written, beside the script that a user would write."""
    for lists, most in REAL.items():
        for name, style in STYLES.items():
            folder = places.large(places.FOLDER / f"lists-{lists}-{style.__name__}", lists, written=style)
            script = Command([binaries / "python", "-c", SCRIPT], folder)
            pair = in_turns(_plan(binaries, folder), script, turns)
            yield _ratio(f"`plan` of {lists:,} lists, {name} / a script of `yaml.safe_load` and `json`", pair, most)


def growth(binaries: Path, turns: int) -> Iterator[Figure]:
    """Yield what a hundred thousand lists take, and what is changed or wrong in them."""
    for name, style in STYLES.items():
        folder = places.large(places.FOLDER / f"lists-{MANY}-{style.__name__}", MANY, written=style)
        events, load = (Command([binaries / "python", "-c", what, folder / "lists.yaml"]) for what in (EVENTS, LOAD))
        pair = in_turns(_plan(binaries, folder), events, turns)
        yield _ratio(f"`plan` of 100,000 lists, {name} / libyaml's events of them", pair, 5)
        yield Figure(f"its memory, {name}", pair.memory, "MiB", 450)
        loaded = in_turns(_plan(binaries, folder), load, turns)
        yield _ratio(f"`plan` of 100,000 lists, {name} / `yaml.load` with CSafeLoader alone", loaded, 1)
    many = _plan(binaries, places.FOLDER / f"lists-{MANY}-str")
    tenth = _plan(binaries, places.large(places.FOLDER / "lists-10000-str", MANY // 10))
    yield _ratio("`plan` of 100,000 lists / of 10,000", in_turns(many, tenth, turns), 11)
    edited = places.large(places.FOLDER / "lists-100000-edited", MANY, changed=MANY // 100)
    yield _ratio("`plan`, 1 % changed / nothing changed", in_turns(_plan(binaries, edited), many, turns), 1.15)
    wrong = places.large(places.FOLDER / "lists-100000-wrong", MANY, wrong=1000)
    validate: list[str | Path] = [binaries / "reconciler", "validate"]
    checked = in_turns(Command(validate, wrong, code=1), Command(validate, many.folder), turns)
    yield _ratio("`validate` with 1,000 problems / without", checked, 1.5)


def limit(binaries: Path, _turns: int) -> Iterator[Figure]:
    """Yield how long an apply at the limit takes beyond the least time possible; it must not be refused once."""
    changes, rate = 40, 30
    with places.sandbox(binaries, "latency=0.05", f"limit={rate}") as served:
        folder = accounts_of(served, places.FOLDER / "limit", accounts=1, lists=changes, rate=rate)
        apply = Command([binaries / "reconciler", "apply", "--yes"], folder, places.credentials())
        apply.run()  # adopts them all: one request, which counts for a minute
        time.sleep(MINUTE)
        _edit(folder, "turn 1", every=True)
        apply.run()
        log = served.requests()
    sent = [(float(str(each["at"])), float(str(each["answered_at"]))) for each in log]
    least, took = _least(sent, rate, first=1), sent[-1][1] - sent[1][0]
    name = "apply of 40 changes at 30 a minute: seconds over the least possible"
    yield Figure(name, took - least, "s", 0.02 * least + 2)
    yield Figure("its rate-limit answers", sum(each["status"] == 429 for each in log), "", 0)
    minutes = int(took // 60)
    yield Figure("its requests beyond changes + 3 + minutes", len(log) - 1 - changes - 3 - minutes, "", 0)


def accounts(binaries: Path, turns: int) -> Iterator[Figure]:
    """Yield how long 300 accounts of 100 lists take side by side, one change each, the API answering after 50 ms."""
    with places.sandbox(binaries, "latency=0.05", "limit=0") as served:
        one = accounts_of(served, places.FOLDER / "accounts-1", accounts=1, lists=100, first=ACCOUNTS)
        every = accounts_of(served, places.FOLDER / "accounts-300", accounts=ACCOUNTS, lists=100)
        words: list[str | Path] = [binaries / "reconciler", "apply", "--yes", "--all-envs"]
        commands = [Command(words, folder, places.credentials()) for folder in (every, one)]
        for command in commands:
            command.run()
        took = []
        for turn in range(turns):
            for folder in (every, one):
                _edit(folder, f"turn {turn}", every=False)
            took.append(tuple(command.run() for command in commands))
    ratios = sorted(mine.wall / (mine.processor + single.wall) for mine, single in took)
    name = "300 accounts side by side / (their processor time + one account's time)"
    yield Figure(name, ratios[len(ratios) // 2], "×", 1.5, (ratios[0], ratios[-1]))
    yield Figure("their memory", max(mine.memory for mine, _ in took), "MiB", 300)


def _ratio(work: str, pair: Pair, most: float) -> Figure:
    return Figure(work, pair.ratio, "×", most, pair.spread)


def _plan(binaries: Path, folder: Path) -> Command:
    return Command([binaries / "reconciler", "plan", "--env", "prod"], folder)


def _least(sent: list[tuple[float, float]], rate: int, first: int) -> float:
    """Return the seconds that requests from the `first` on take, one in flight, `rate` in any sliding 60 s."""
    ends = [end for _, end in sent[:first]]
    begin = sent[first][0]
    for number, (began, ended) in enumerate(sent[first:], start=first):
        free = ends[number - rate] + 60.0 if number >= rate else begin
        begin = max(begin if number == first else ends[-1], free)
        ends.append(begin + ended - began)
    return ends[-1] - sent[first][0]


def accounts_of(
    served: places.Served, folder: Path, *, accounts: int, lists: int, first: int = 0, rate: int = 100_000
) -> Path:
    """Serve accounts with lists, and declare them as they are."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    numbers = range(first, first + accounts)
    head, entries = places.HEAD, []
    for number in numbers:
        target = places.TARGET.format(host=served.url, account=f"a{number}")
        head += f"  env-{number}: {{{target}, requests_per_minute: {rate}, policy: {{max_changes: 100%}}}}\n"
        held = [(places.list_id(each), f"List {each}", f"Text of list {each}, part") for each in range(lists)]
        served.account(f"a{number}", held)
    for each in range(lists):
        ids = ", ".join(f"env-{number}: {places.list_id(each)}" for number in numbers)
        ids = f"{{{ids}}}" if accounts > 1 else places.list_id(each)
        entries.append(places.entry(each, ids, name=f"List {each}", description=f"Text of list {each}, part"))
    (folder / "lists.yaml").write_text(f"{head}lists:\n{''.join(entries)}", encoding="utf-8")
    places.commit(folder)
    return folder


def _edit(folder: Path, turn: str, *, every: bool) -> None:
    """Change the description of every list in the manifest, or of one."""
    kept = folder / "lists.before.yaml"
    if not kept.exists():
        shutil.copy(folder / "lists.yaml", kept)
    text = kept.read_text(encoding="utf-8")
    old, new = (", part\n", f", {turn}\n") if every else ("Text of list 0,", f"Text of list 0 in {turn},")
    (folder / "lists.yaml").write_text(text.replace(old, new), encoding="utf-8")


WORKS = {"start": start, "real": real, "growth": growth, "limit": limit, "accounts": accounts}
