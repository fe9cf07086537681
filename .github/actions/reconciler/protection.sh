#!/usr/bin/env bash
# Refuses to go on towards an apply if GitHub would run it without a review, or for another branch: it makes an environment
# that is missing, without any rule. UNPROTECTED=true lets it through.
set -euo pipefail

rules='[(.protection_rules[]? | select(.type == "required_reviewers") | "reviewers"),
  (select(.deployment_branch_policy.custom_branch_policies) | "branches")] | join(" ")'
environment="repos/$GITHUB_REPOSITORY/environments/$ENVIRONMENT"
admitted() {
  gh api "$environment/deployment-branch-policies?per_page=100" \
    --jq '.branch_policies[] | "the \(.type // "branch") \(.name)"'
}
if ! found=$(gh api "$environment" --jq "$rules" 2>&1); then
  if [[ $found != *"HTTP 404"* ]]; then
    echo "::error::The environment $ENVIRONMENT cannot be looked at: $found"
    exit 1
  fi
  lacks="does not exist"
elif [[ $found != reviewers* ]]; then
  lacks="has no required reviewers"
elif [[ $found != *branches ]]; then
  lacks="admits every branch, or every protected one"
elif ! found=$(admitted 2>&1); then
  echo "::error::The branches that may use the environment $ENVIRONMENT cannot be looked at: $found"
  exit 1
elif other=$(grep -vxF -e "the branch $GITHUB_REF_NAME" -e "" <<<"$found"); then
  lacks="admits not just the branch $GITHUB_REF_NAME, but also ${other//$'\n'/, }"
else
  echo "$ENVIRONMENT has required reviewers, and admits $GITHUB_REF_NAME only"
  exit 0
fi
if [[ $UNPROTECTED == true ]]; then
  echo "::warning::The environment $ENVIRONMENT $lacks, and is applied to all the same (unprotected: true)."
  exit 0
fi
echo "::error::The environment $ENVIRONMENT $lacks: nothing is applied. In the settings of the repository, under" \
  "Environments, $ENVIRONMENT: choose Required reviewers, and under Deployment branches and tags Selected branches and" \
  "tags, with the default branch alone." \
  "Or let it through with \`unprotected: true\` in contact-lists.yml."
exit 1
