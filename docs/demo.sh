#!/bin/sh
# The main job in two minutes, against a sandbox on this machine: commands as typed, with their real output.
# Run it by `make demo`; it needs the program with its extra `sandbox` on the PATH, and cleans up after itself.
set -eu

folder=$(mktemp -d)
cd "$folder"
export XDG_CACHE_HOME="$folder/cache"

reconciler sandbox --port 0 --lists 5 --manifest lists.yaml >sandbox.log 2>&1 &
sandbox=$!
trap 'kill "$sandbox" 2>/dev/null || :; wait "$sandbox" 2>/dev/null || :; rm -rf "$folder"' EXIT
tries=0
until grep -q KORE_CLIENT_SECRET sandbox.log; do
  tries=$((tries + 1))
  if [ "$tries" -gt 600 ] || ! kill -0 "$sandbox" 2>/dev/null; then cat sandbox.log; exit 1; fi
  sleep 0.1
done

say() { printf '\n\n# %s\n' "$*"; }
run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

say "A sandbox stands in for the contact centre; these variables sign in to it."
cat sandbox.log
eval "$(grep '^export ' sandbox.log)"

say "Five lists that the account has, declared as code."
run cat lists.yaml
run reconciler validate
run reconciler plan

say "Apply reads the account first: all five are as declared, so it records them and sends nothing."
run reconciler apply --yes

say "Somebody edits the manifest: a new description, a new name."
sed -i.bak -e 's/who agreed to be called/who agreed to be called in July/' -e 's|Welcome Call - May/June|Welcome Call - July|' lists.yaml
run diff lists.yaml.bak lists.yaml || true
run reconciler plan

say "A list that a running campaign uses is not renamed; the rest goes ahead. (Exit code 3: not everything was done.)"
run reconciler apply --yes || printf '(exit code %s)\n' "$?"

say "Meanwhile somebody renames a list in the console."
id=$(sed -n 's/^    id: //p' lists.yaml | head -n 1)
url=$(sed -n 's/^    host: //p' lists.yaml)
account=$(sed -n 's/^    account_id: "\(.*\)"/\1/p' lists.yaml)
printf '$ (rename of %s)\n' "$id"
python3 - "$url/_sandbox/accounts/$account/lists/$id" <<'PYTHON'
import sys, urllib.request
edit = urllib.request.Request(sys.argv[1], b'{"name": "Renewal due (old?)"}', {"Content-Type": "application/json"}, method="PATCH")
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(edit, timeout=10).read()
PYTHON
run reconciler plan --refresh

say "Drift is shown, and left alone unless we say otherwise."
run reconciler apply --yes --revert-drift || printf '(exit code %s)\n' "$?"
