#!/usr/bin/env bash
# Keeps one issue named TITLE: open and up to date with the file BODY while CODE is 2, closed when it is 0.
set -euo pipefail

issues="repos/$GITHUB_REPOSITORY/issues"
mine='.[] | select(.title == env.TITLE and (has("pull_request") | not)) | .number'
numbers=$(gh api --paginate "$issues?state=open&creator=github-actions%5Bbot%5D" --jq "$mine")
number=${numbers%%$'\n'*}
if [[ $CODE == 2 ]]; then
  if [[ -n $number ]]; then
    gh api --method PATCH "$issues/$number" --field "body=@$BODY" --silent
  else
    gh api --method POST "$issues" --raw-field "title=$TITLE" --field "body=@$BODY" --silent
  fi
elif [[ $CODE == 0 && -n $number ]]; then
  gh api --method PATCH "$issues/$number" --raw-field state=closed --silent
fi
