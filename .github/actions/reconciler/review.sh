#!/usr/bin/env bash
# Reviews the pull request NUMBER with the SUGGESTIONS that `plan --suggest` saved, each once: those about lines that the
# pull request shows, in files that the merge with its base leaves as they are in its newest commit, HEAD.
set -euo pipefail

pulls="repos/$GITHUB_REPOSITORY/pulls/$NUMBER"
if [[ ! -s $SUGGESTIONS || $(gh api "$pulls" --jq .head.sha) != "$HEAD" ]]; then
  exit 0
fi

is_shown() { # path, first line, last line
  local from count
  git diff --quiet HEAD^2 HEAD -- "$1" || return 1
  while read -r from count; do
    if ((from <= $2 && $3 < from + ${count:-1})); then
      return 0
    fi
  done < <(git diff --unified=3 HEAD^1 HEAD -- "$1" | sed -nE 's/^@@ -[0-9,]+ \+([0-9]+)(,([0-9]+))? @@.*/\1 \3/p')
  return 1
}

made=$(gh api --paginate "$pulls/comments" \
  --jq '.[] | select(.user.login == "github-actions[bot]") | .body | scan("reconciler suggestion [0-9a-f]{64}")')
comments=""
while IFS=$'\t' read -r path first last comment; do
  digest=$(printf '%s' "$comment" | sha256sum)
  mark="reconciler suggestion ${digest%% *}"
  if [[ $made != *"$mark"* ]] && is_shown "$path" "$first" "$last"; then
    comments+="${comments:+,}${comment%\"\}}<!-- $mark -->\"}"
  fi
done <"$SUGGESTIONS"
if [[ -n $comments ]]; then
  words='Changes of the manifest that may be meant. Take one with *Commit suggestion*, or leave it.'
  printf '{"event": "COMMENT", "commit_id": "%s", "body": "%s", "comments": [%s]}' "$HEAD" "$words" "$comments" |
    gh api --method POST "$pulls/reviews" --input - --silent
fi
