#!/bin/sh
# Installs zsh, fish and mandoc where they are missing and that can be done: Debian and its kin, as root.
# Elsewhere it says what to do; the tests then skip, or fail where CI is set.
set -eu
there() { command -v zsh && command -v fish && command -v mandoc; } >/dev/null
there && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends zsh fish mandoc >/dev/null && there && exit 0
fi
echo "The tests of completions and of the man page need zsh, fish and mandoc; without them, those tests are skipped." >&2
[ -z "${CI:-}" ]
