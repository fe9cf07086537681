#!/usr/bin/env bash
# Installs what requirements.txt beside this file names, each archive by its SHA-256, and the program itself from
# commit.txt if that is there. Archives that are built already run nothing when they are installed.
set -euo pipefail

# The job's variables stay out of it: GitHub gives each step of a job that may sign a token for that.
for name in $(compgen -e); do
  case $name in
    PATH | HOME | TMPDIR | RUNNER_TEMP | GITHUB_ACTION_PATH | LANG | LC_* | LD_LIBRARY_PATH) ;;
    PIP_* | *_proxy | *_PROXY | SSL_CERT_* | GIT_SSL_*) ;;
    *) unset "$name" ;;
  esac
done
# -I, and another folder: nothing of the checkout is taken for a module or a project.
cd "$RUNNER_TEMP"
pip() {
  python -I -m pip --quiet --disable-pip-version-check install "$@"
}
pip --require-hashes --only-binary :all: -r "$GITHUB_ACTION_PATH/requirements.txt"
if [[ -e $GITHUB_ACTION_PATH/commit.txt ]]; then
  pip --no-deps --no-build-isolation -r "$GITHUB_ACTION_PATH/commit.txt"
fi
