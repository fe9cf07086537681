#!/usr/bin/env bash
# Refuses to go on towards an apply if GitHub would run it without a review: it makes an environment that is missing,
# without any rule. UNPROTECTED=true lets it through.
set -euo pipefail

rules='[(.protection_rules[]? | select(.type == "required_reviewers") | "reviewers"),
  (select(.deployment_branch_policy) | "branches")] | join(" ")'
if ! found=$(gh api "repos/$GITHUB_REPOSITORY/environments/$ENVIRONMENT" --jq "$rules" 2>&1); then
  if [[ $found != *"HTTP 404"* ]]; then
    echo "::error::The environment $ENVIRONMENT cannot be looked at: $found"
    exit 1
  fi
  lacks="does not exist"
elif [[ $found != reviewers* ]]; then
  lacks="has no required reviewers"
elif [[ $found != *branches ]]; then
  lacks="admits every branch"
else
  echo "$ENVIRONMENT has required reviewers, and admits chosen branches only"
  exit 0
fi
if [[ $UNPROTECTED == true ]]; then
  echo "::warning::The environment $ENVIRONMENT $lacks, and is applied to all the same (unprotected: true)."
  exit 0
fi
echo "::error::The environment $ENVIRONMENT $lacks: nothing is applied. In the settings of the repository, under" \
  "Environments, $ENVIRONMENT: choose Required reviewers, and under Deployment branches and tags the default branch." \
  "Or let it through with \`unprotected: true\` in contact-lists.yml."
exit 1
