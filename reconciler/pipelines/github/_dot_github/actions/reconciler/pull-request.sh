#!/usr/bin/env bash
# Keeps one pull request that takes into the manifest FILE what was changed elsewhere in ENVIRONMENT. Its branch has one commit,
# with the change PATCH; its text is that in BODY. If PATCH is empty, closes it and deletes the branch. A branch on which
# somebody has committed is left as it is. A pull request that somebody has closed stays closed until something else differs.
set -euo pipefail

mail=reconciler@localhost
title="Contact lists of $ENVIRONMENT: accept into $FILE what was changed elsewhere"
branch="reconciler/drift-$ENVIRONMENT"
if [[ $FILE != lists.yaml ]]; then
  branch+="-${FILE//[^A-Za-z0-9.]/-}"
fi
pulls="repos/$GITHUB_REPOSITORY/pulls"
declined='.[] | select(.merged_at == null and (.body | strings | contains(env.MARK))) | .number'

git() {
  command git -c user.name=reconciler -c "user.email=$mail" -c credential.helper= \
    -c credential.helper='!gh auth git-credential' "$@"
}
remote_tip() {
  local line
  line=$(git ls-remote origin "refs/heads/$branch")
  echo "${line%%[[:space:]]*}"
}
push() { # what is to be at the end of the branch, nothing to delete it: only if it still is at the end that was looked at
  git push --quiet --force-with-lease="refs/heads/$branch:$tip" origin "$1:refs/heads/$branch"
}
numbers() { # state, filter
  gh api "$pulls?state=$1&head=${GITHUB_REPOSITORY%%/*}:$branch&per_page=100" --jq "$2"
}

tip=$(remote_tip)
if [[ -n $tip && $(gh api "repos/$GITHUB_REPOSITORY/commits/$tip" --jq .commit.committer.email) != "$mail" ]]; then
  echo "::warning::Somebody has committed on the branch $branch: it and its pull request are left as they are. Merge" \
    "or close the pull request, and delete the branch, so that later drift gets a new one."
  exit 0
fi
number=$(numbers open '.[].number')
number=${number%%$'\n'*}

if [[ ! -s $PATCH ]]; then
  if [[ -n $number ]]; then
    printf 'Nothing is left to accept: closed by the run that found this.\n\n' | cat - "$BODY" >"$BODY.closed"
    gh api --method PATCH "$pulls/$number" --raw-field state=closed --field "body=@$BODY.closed" --silent
  fi
  if [[ -n $tip ]]; then
    push "" || [[ -z $(remote_tip) ]] # the run beside this one may have done it
  fi
  exit 0
fi

digest=$(grep '^[+-]' "$PATCH" | sha256sum)
export MARK="reconciler drift ${digest%% *}"
if [[ -z $number && -n $(numbers closed "$declined") ]]; then
  echo "Somebody has closed the pull request with just this change: it stays closed until something else differs"
  exit 0
fi
# The same change on the same base is the same commit: a run beside this one is not disturbed, nor is a review.
GIT_AUTHOR_DATE=$(git show --no-patch --format=%cI HEAD)
export GIT_AUTHOR_DATE GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE GIT_INDEX_FILE=$PATCH.index
git read-tree HEAD
git apply --cached "$PATCH"
commit=$(git commit-tree "$(git write-tree)" -p HEAD -m "$title")
if [[ $commit != "$tip" ]] && ! push "$commit"; then
  now=$(remote_tip)
  if [[ $now == "$tip" ]]; then
    echo "::error::The branch $branch cannot be pushed: look whether a ruleset covers it."
    exit 1
  elif [[ $now != "$commit" ]]; then
    echo "The branch $branch was changed meanwhile: the pull request is left to the run that did it"
    exit 0
  fi
fi

{
  cat <<'END'
This takes what was changed elsewhere, in the console say, into the manifest. The apply after the merge records these texts and
sends nothing for them. Lists that were changed on both sides, and those that a ⚠ names, are left out. If the manifest is right,
close this, and set the lists back.

END
  cat "$BODY"
  echo "<!-- $MARK -->"
} >"$BODY.marked"
if [[ -z $number ]]; then
  if gh api --method POST "$pulls" --raw-field "title=$title" --raw-field "head=$branch" \
    --raw-field "base=$GITHUB_REF_NAME" --field "body=@$BODY.marked" --silent; then
    exit 0
  fi
  number=$(numbers open '.[].number') # a run beside this one may have made it
  if [[ -z $number ]]; then
    echo "::error::No pull request can be opened. Choose Allow GitHub Actions to create and approve pull requests in the" \
      "settings of the repository, under Actions, General."
    exit 1
  fi
fi
gh api --method PATCH "$pulls/$number" --field "body=@$BODY.marked" --silent
