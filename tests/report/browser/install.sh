#!/bin/sh
# Installs Chromium and the fonts of the pictures where they are missing and that can be done: Debian and its kin, as root.
# Elsewhere it says what to do; the tests then skip, or fail where CI is set.
set -eu
there() { command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome; } >/dev/null
fonts() { command -v fc-list >/dev/null && fc-list | grep -q 'Liberation Mono'; }
there && fonts && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq &&
        apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-liberation >/dev/null &&
        there && fonts && exit 0
fi
echo "The browser tests need Chromium, and the fonts Liberation Sans and Mono for pictures; as root on Debian:" >&2
echo "  apt-get install chromium fonts-liberation" >&2
echo "Elsewhere, install them by hand and name the browser in CHROMIUM. Without them, these tests are skipped." >&2
[ -z "${CI:-}" ]
