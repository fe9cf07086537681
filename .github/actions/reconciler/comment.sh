#!/usr/bin/env bash
# Keeps one comment of a pull request up to date: BODY is the file, NUMBER the pull request, MARKER tells it apart.
set -euo pipefail

if [[ ! -s $BODY ]]; then
  echo "there is no plan to show: the job's log says why"
  exit 0
fi

comments="repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments"
{
  echo "$MARKER"
  cat "$BODY"
} >"$BODY.marked"
mine='.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARKER))) | .id'
id=$(gh api --paginate "$comments" --jq "$mine" | head -n 1)
if [[ -n $id ]]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --field "body=@$BODY.marked" --silent
else
  gh api --method POST "$comments" --field "body=@$BODY.marked" --silent
fi
