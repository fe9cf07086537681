#!/usr/bin/env bash
# Keeps one comment of a pull request up to date for each ENVIRONMENT of a manifest FILE: with the plan in the file BODY, or
# that there is none for the commit HEAD. Never shows a plan of a commit that is no longer the newest of the pull request NUMBER.
set -euo pipefail

if [[ $(gh api "repos/$GITHUB_REPOSITORY/pulls/$NUMBER" --jq .head.sha) != "$HEAD" ]]; then
  echo "$HEAD is no longer the newest commit: the comment is left to the run of that one"
  exit 0
fi
export MARKER="<!-- reconciler plan $ENVIRONMENT $FILE -->"
log="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
{
  echo "$MARKER"
  if [[ -s $BODY ]]; then
    cat "$BODY"
  else
    echo "### reconciler plan: \`$ENVIRONMENT\` failed"
    echo
    echo "There is no plan for this commit. [The log]($log) says why."
  fi
  echo
  echo "Environment \`$ENVIRONMENT\` of \`$FILE\`, commit $HEAD, [log]($log)."
} >"$BODY.marked"

comments="repos/$GITHUB_REPOSITORY/issues"
list() {
  gh api --paginate "$comments/$NUMBER/comments" \
    --jq '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARKER))) | .id'
}
ids=$(list)
if [[ -z $ids ]]; then
  gh api --method POST "$comments/$NUMBER/comments" --field "body=@$BODY.marked" --silent
  ids=$(list) # a run beside this one may have done the same
fi
first=""
for id in $ids; do
  if [[ -z $first ]]; then
    first=$id
    gh api --method PATCH "$comments/comments/$id" --field "body=@$BODY.marked" --silent
  else
    gh api --method DELETE "$comments/comments/$id" --silent || true # the other run may have done it
  fi
done
