"""`reconciler init`: a first manifest with its schema, lines for .gitignore, and the files of a pipeline."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from reconciler.cli import options as shared
from reconciler.cli import questions
from reconciler.cli.output import say
from reconciler.cli.questions import QUESTIONS
from reconciler.cli.requirements import requirement_files
from reconciler.cli.schema import schema
from reconciler.errors import ManifestError, UsageError
from reconciler.manifest.edit.quoting import double_quoted, quote_key

_MANIFEST = """\
# yaml-language-server: $schema=lists.schema.json
# Contact lists of Kore.ai as code: what each list is to be called, and how it is described.
# `reconciler import` brings in the lists that are there; lists.schema.json lets an editor complete and check this file.
version: 1
state: {state}
environments:
  {env}:
    host: {host}
    stream_id: {stream}
    account_id: {account}
lists: {{}}
"""
_IGNORED = (
    "/.reconciler/*.lock",
    "/.reconciler/*.new",
    # Plans and reports, as the pages call them.
    "/plan.json",
    "/undo.json",
    "/plan.html",
    "/drift.html",
    "/applied.html",
)
# Where a pipeline finds what it installs.
_PINS = {"github": ".github/actions/reconciler", "gitlab": ".gitlab/reconciler", "ci": ".ci/reconciler"}
# Where the files of each kind go.
_TREES = {"github": "", "gitlab": "", "kubernetes": "kubernetes/"}
_FOLDER = ".reconciler"
_BUCKET = "s3://BUCKET/contact-lists"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", nargs="?", type=shared.path, default=Path(), metavar="FOLDER", help="default: here")
    questions.arguments(parser)
    parser.add_argument("--env", metavar="NAME", help="the environment's name; default: prod")
    parser.add_argument("--github", action="store_true", help="also workflows for GitHub, the state on a branch")
    parser.add_argument("--gitlab", action="store_true", help="also a pipeline for GitLab, the state on a branch")
    parser.add_argument(
        "--ci", action="store_true", help="also what any other pipeline installs, the state on a branch"
    )
    parser.add_argument("--kubernetes", action="store_true", help="also Jobs for Kubernetes, the state in a bucket")
    parser.add_argument(
        "--from", dest="source", metavar="SOURCE", help="what a pipeline installs: a commit or a wheel; default: this"
    )


def run(options: argparse.Namespace) -> int:
    """Write what is not there yet; what is there stays as it is."""
    from reconciler.cli.runtime import Runtime
    from reconciler.cli.stores import LASTING_STATE

    folder: Path = options.folder
    chosen = [name for name in _PINS if getattr(options, name)]
    state = _BUCKET if options.kubernetes else LASTING_STATE if chosen else _FOLDER
    answer = Runtime().answer
    answers = _answers(options, answer)
    was_there = os.path.exists(folder / "lists.yaml")  # noqa: PTH110  # a name that can be no file is none there
    wanted = {
        "lists.yaml": _manifest({**answers, "state": state}),
        "lists.schema.json": f"{json.dumps(schema('manifest'), indent=2, ensure_ascii=False)}\n".encode(),
    }
    pipelines = files("reconciler") / "pipelines"
    for name in (each for each in _TREES if getattr(options, each)):
        wanted |= dict(_tree(pipelines / name, _TREES[name]))
    if options.ci:
        action = pipelines / "github" / _PINS["github"].replace(".", "_dot_", 1)
        wanted |= {f"{_PINS['ci']}/{name}": (action / name).read_bytes() for name in ("install.sh", "newest.sh")}
    wanted |= _pins(folder, [_PINS[name] for name in chosen], options.source, answer)
    if options.gitlab:
        wanted[".gitlab-ci.yml"] = _for_each(wanted[".gitlab-ci.yml"], _environments(folder, answers["env"]))
    try:
        for name, content in wanted.items():
            _write(folder / name, content)
        _ignore(folder / ".gitignore")
        if options.gitlab and b"contact-lists" not in (folder / ".gitlab-ci.yml").read_bytes():
            say(f"Add to {folder / '.gitlab-ci.yml'}:\n\n{wanted['.gitlab-ci.yml'].decode()}")
    except OSError as error:
        raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error
    manifest = (folder / "lists.yaml").read_bytes()
    if hint := _state_hint(manifest, kubernetes=options.kubernetes, pipeline=bool(chosen)):
        say(hint)
    say(f"Next: {_next_steps(manifest, was_there=was_there)}")
    return 0


def _state_hint(manifest: bytes, *, kubernetes: bool, pipeline: bool) -> str:
    """Return how to move the state, if what was written cannot work with it where it is; "" if it can."""
    from reconciler.cli.stores import MOVE_STATE, move_state

    if kubernetes and not re.search(rb"^state:\W*(?:s3|gs|az)://", manifest, re.MULTILINE):
        return f"Pods keep the state in a bucket: run {move_state(_BUCKET)}"
    if pipeline and not re.search(rb"^state:.*://", manifest, re.MULTILINE):
        return f"A pipeline forgets what is in a folder: run {MOVE_STATE}"
    return ""


def _next_steps(manifest: bytes, *, was_there: bool) -> str:
    """Return what to do after `init`, by what the manifest holds."""
    unknown = any(QUESTIONS[name].default.encode() in manifest for name in ("stream", "account"))
    fill = "correct host and ids in lists.yaml if they are wrong, " if was_there else ""
    if unknown:
        fill = "fill in the environment in lists.yaml, "
    sign_in = (
        "the variables of its credentials" if b"credentials:" in manifest else "KORE_CLIENT_ID and KORE_CLIENT_SECRET"
    )
    return f"{fill}set {sign_in}, then: reconciler doctor, and reconciler import"


def _answers(options: argparse.Namespace, answer: Callable[[str], str]) -> dict[str, str]:
    """Return what to write for each question, from the options or else from the terminal. Raises UsageError."""
    given = {name: text for name in (*QUESTIONS, "env") if (text := getattr(options, name)) is not None}
    if os.path.exists(options.folder / "lists.yaml"):  # noqa: PTH110  # a name that can be no file is none there
        if given:
            raise UsageError(
                f"{options.folder / 'lists.yaml'} is there already: change its environments there, "
                f"and leave out --{next(iter(given))}"
            )
        return {"env": "prod", **questions.defaults()}
    return {"env": "prod", **questions.answers(given, answer)}


def _pins(folder: Path, places: Sequence[str], source: str | None, answer: Callable[[str], str]) -> dict[str, bytes]:
    """Return what to write for pipelines to install from, by path. Raises UsageError."""
    if source is not None and not places:
        raise UsageError("--from is for pipelines: give --github, --gitlab or --ci with it")
    wanted: dict[str, bytes] = {}
    pinned: dict[str, bytes] = {}
    for place in places:
        there = [name for name in ("requirements.txt", "commit.txt") if (folder / place / name).exists()]
        if there and (source is not None or there == ["commit.txt"]):
            raise UsageError(
                f"{' and '.join(str(folder / place / name) for name in there)} must be deleted first, so that what a "
                "pipeline installs is written again"
            )
        pinned = pinned if there or pinned else requirement_files(source, answer)
        wanted |= {f"{place}/{name}": b"" for name in there} or {f"{place}/{name}": pinned[name] for name in pinned}
    return wanted


def _manifest(answers: Mapping[str, str]) -> bytes:
    texts = {name: double_quoted(answers[name]) for name in QUESTIONS}
    return _MANIFEST.format(**texts, env=quote_key(answers["env"]), state=answers["state"]).encode()


def _environments(folder: Path, name: str) -> list[str]:
    """Return the environments of the manifest that is there, else the one that is written."""
    from reconciler.manifest import load

    try:
        return list(load(folder / "lists.yaml").environments)
    except ManifestError:
        return [name]


def _for_each(pipeline: bytes, names: Sequence[str]) -> bytes:
    """Return the pipeline of `prod` with an entry for each environment instead."""
    head, entry = pipeline.split(b"  - ", 1)
    return head + b"".join(b"  - " + entry.replace(b"prod", quote_key(name).encode()) for name in names)


def _tree(root: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    """Return every file below `root`, by its path; a leading dot is written as an underscore there."""
    found: list[tuple[str, bytes]] = []
    for item in sorted(root.iterdir(), key=lambda each: each.name):
        name = f"{prefix}{item.name.replace('_dot_', '.', 1)}"
        if item.is_dir():
            found += _tree(item, f"{name}/")
        else:
            found.append((name, item.read_bytes()))
    return found


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        say(f"  {path}  is there already, left as it is")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
    say(f"  {path}  written")


def _ignore(path: Path) -> None:
    """Add the lines that are missing, at the end."""
    before = path.read_bytes().decode(errors="replace") if path.exists() else ""
    missing = [line for line in _IGNORED if line not in before.splitlines()]
    if not missing:
        say(f"  {path}  is there already, left as it is")
        return
    start = "" if not before or before.endswith("\n") else "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(start + "".join(f"{line}\n" for line in missing))
    say(f"  {path}  {'lines added' if before else 'written'}")
