#!/usr/bin/env bash
# Installs what requirements.txt beside this file names, each archive by its SHA-256, and the program itself from
# commit.txt if that is there. Archives that are built already run nothing when they are installed.
set -euo pipefail

# The job's variables stay out of it: among them are tokens; GitHub gives each step of a job that may sign one for that.
# The shell starts again without them, since /proc shows what a process was started with, whatever it unsets later.
if [[ ${1:-} != again ]]; then
  kept=()
  for name in $(compgen -e); do
    case $name in
      PATH | HOME | TMPDIR | LANG | LC_* | LD_LIBRARY_PATH | PIP_* | *_proxy | *_PROXY | SSL_CERT_* | GIT_SSL_*)
        kept+=("$name=${!name}")
        ;;
    esac
  done
  exec env -i "${kept[@]}" bash "$0" again
fi
here=$(cd "$(dirname "$0")" && pwd)
# -I, and another folder: nothing of the checkout is taken for a module or a project.
cd "$(mktemp -d)"
pip() {
  python3 -I -m pip --quiet --disable-pip-version-check install "$@"
}
pip --require-hashes --only-binary :all: -r "$here/requirements.txt"
if [[ -e $here/commit.txt ]]; then
  pip --no-deps --no-build-isolation -r "$here/commit.txt"
fi
