#!/usr/bin/env bash
# Runs reconciler as the variables of action.yml say; writes its exit code to the outputs.
set -euo pipefail

if [[ ! $CREDENTIALS =~ ^KORE(_[A-Z0-9_]+)?$ ]]; then
  echo "credentials: KORE, or KORE_ and then A-Z, 0-9 or _" >&2
  exit 1
fi
arguments=()
while IFS= read -r line; do
  if [[ -n $line ]]; then
    arguments+=("$line")
  fi
done <<<"$ARGUMENTS"

if [[ $COMMAND == environments ]]; then
  # For a pull request that breaks the manifest, the environments of its base: their plans then say what is wrong.
  names=$(python -P -m reconciler environments --json ${arguments[@]+"${arguments[@]}"}) ||
    names=$(git worktree add --force --quiet "$RUNNER_TEMP/base" HEAD^1 && cd "$RUNNER_TEMP/base" &&
      python -P -m reconciler environments --json ${arguments[@]+"${arguments[@]}"} 2>/dev/null)
  if [[ -n $ENVIRONMENT ]]; then
    if [[ $names != *"\"$ENVIRONMENT\""* ]]; then
      echo "::error::the manifest has no environment $ENVIRONMENT: $names"
      exit 1
    fi
    names="[\"$ENVIRONMENT\"]"
  fi
  echo "environments=$names" >>"$GITHUB_OUTPUT"
  exit 0
fi

while IFS= read -r line; do
  if [[ ${line%%=*} =~ ^KORE_[A-Z0-9_]+$ && $line == *=* ]]; then
    export "${line%%=*}=${line#*=}"
  elif [[ -n $line ]]; then # it may hold a secret, and is not shown
    echo "::error::variables: each line must be NAME=VALUE, with a NAME that begins with KORE_"
    exit 1
  fi
done <<<"${GIVEN_VARIABLES:-}"
unset GIVEN_VARIABLES
missing=""
for name in CLIENT_ID CLIENT_SECRET HOST ACCOUNT_ID STREAM_ID; do
  given="GIVEN_$name"
  if [[ -n ${!given} ]]; then
    export "${CREDENTIALS}_$name=${!given}"
  else
    missing+=" KORE_$name"
  fi
  unset "$given"
done
if [[ -n $ENVIRONMENT && -n $missing ]]; then
  echo "::error::The environment $ENVIRONMENT has no$missing. In the settings of the repository, under Environments," \
    "$ENVIRONMENT, add KORE_CLIENT_ID and KORE_CLIENT_SECRET as secrets, and KORE_HOST, KORE_ACCOUNT_ID and" \
    "KORE_STREAM_ID as variables. If they are there, the rules of the environment do not admit $GITHUB_REF."
  exit 1
fi

if [[ -n $GIVEN_TOKEN ]]; then
  # For git, and for this step only: nothing is left in the configuration of the checkout. A header that the job has
  # set up itself is used instead; git would send both, and GitHub refuses that.
  server=${GITHUB_SERVER_URL:-https://github.com}
  header=$(git config --get-urlmatch http.extraheader "$server/${GITHUB_REPOSITORY:-}") || true
  shopt -s nocasematch
  if [[ $header != authorization:* ]]; then
    basic=$(printf 'x-access-token:%s' "$GIVEN_TOKEN" | base64 | tr -d '\n')
    next=${GIT_CONFIG_COUNT:-0}
    export GIT_CONFIG_COUNT=$((next + 1))
    export "GIT_CONFIG_KEY_$next=http.$server/.extraheader"
    export "GIT_CONFIG_VALUE_$next=AUTHORIZATION: basic $basic"
  fi
  shopt -u nocasematch
fi
unset GIVEN_TOKEN

# A cancelled job gets SIGINT, and 7.5 s later SIGTERM. Both go to the program as SIGTERM, since what runs in the
# background ignores SIGINT: the first lets it stop after the request in flight, the second at once.
python -P -m reconciler "$COMMAND" ${arguments[@]+"${arguments[@]}"} &
program=$!
signalled=""
trap 'signalled=1; kill -TERM "$program" || true' INT TERM
code=0
wait "$program" || code=$?
while [[ -n $signalled ]]; do
  signalled=""
  code=0
  wait "$program" || code=$?
done
echo "code=$code" >>"$GITHUB_OUTPUT"
for accepted in 0 $ACCEPTED; do
  if [[ $code == "$accepted" ]]; then
    exit 0
  fi
done
exit "$code"
