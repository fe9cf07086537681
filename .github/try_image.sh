#!/bin/sh
# Try an image of the program: sh try_image.sh ENGINE IMAGE VERSION, where ENGINE is docker, or podman.
set -eu
engine=$1 image=$2 version=$3
test "$("$engine" run --rm "$image" --version)" = "reconciler $version"
test "$("$engine" run --rm --entrypoint id "$image" -u)" = 10001
"$engine" run --rm --entrypoint git "$image" --version
"$engine" run --rm --entrypoint python "$image" -c 'import obstore'
folder=$(mktemp -d)
"$engine" run --rm --user "$(id -u):$(id -g)" --volume "$folder:/work" "$image" init
"$engine" run --rm --user "$(id -u):$(id -g)" --volume "$folder:/work" "$image" validate
