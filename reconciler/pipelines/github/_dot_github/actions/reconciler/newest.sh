#!/usr/bin/env bash
# newest.sh BRANCH [FILE]: refuses an apply once BRANCH has a newer commit that changes the manifest FILE or another YAML
# file. It may take back what the plan does; then its own plan is empty, and no newer apply comes.
set -euo pipefail

git fetch --quiet --no-tags --depth 1 origin "$1"
if ! git diff --quiet "${GITHUB_SHA:-HEAD}" FETCH_HEAD -- "${2:-lists.yaml}" '*.yaml' '*.yml' \
  ':!.github' ':!.circleci' ':!azure-pipelines.yml' ':!bitbucket-pipelines.yml'; then
  echo "${ERROR:-error: }$1 has a newer commit that changes YAML files: nothing is applied. Approve the apply of its own run;" \
    "if it has none, start a new run of $1."
  exit 1
fi
