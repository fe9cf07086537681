#!/usr/bin/env bash
# Runs reconciler as the variables of action.yml say; writes its exit code to the outputs.
set -euo pipefail

if [[ ! $CREDENTIALS =~ ^KORE(_[A-Z0-9_]+)?$ ]]; then
  echo "credentials: KORE, or KORE_ and then A-Z, 0-9 or _" >&2
  exit 1
fi
# Before any secret is set; -P keeps a folder of the checkout from standing in for a package.
python -P -m pip install --quiet --disable-pip-version-check "$REQUIREMENT"

for name in CLIENT_ID CLIENT_SECRET HOST ACCOUNT_ID STREAM_ID; do
  given="GIVEN_$name"
  if [[ -n ${!given} ]]; then
    export "${CREDENTIALS}_$name=${!given}"
  fi
  unset "$given"
done
if [[ -n $GIVEN_TOKEN ]]; then
  # For git, and for this step only: nothing is left in the configuration of the checkout.
  basic=$(printf 'x-access-token:%s' "$GIVEN_TOKEN" | base64 | tr -d '\n')
  export GIT_CONFIG_COUNT=1
  export GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader"
  export GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic"
fi
unset GIVEN_TOKEN

arguments=()
while IFS= read -r line; do
  if [[ -n $line ]]; then
    arguments+=("$line")
  fi
done <<<"$ARGUMENTS"

code=0
python -P -m reconciler "$COMMAND" ${arguments[@]+"${arguments[@]}"} || code=$?
echo "code=$code" >>"$GITHUB_OUTPUT"
for accepted in 0 $ACCEPTED; do
  if [[ $code == "$accepted" ]]; then
    exit 0
  fi
done
exit "$code"
