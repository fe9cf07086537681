#!/usr/bin/env bash
# Says what the settings of the repository on GitHub lack for the environments of lists.yaml that are named as arguments.
# Only reads. Needs `gh`, logged in as an administrator of the repository; STATE is the branch that keeps the state.
set -euo pipefail

repository=$(gh repo view --json nameWithOwner --jq .nameWithOwner)
branch=$(gh repo view --json defaultBranchRef --jq .defaultBranchRef.name)
state=${STATE:-reconciler-state}
lacking=0

report() { # what is looked at, what it lacks
  if [[ -z $2 ]]; then
    echo "ok       $1"
  else
    echo "missing  $1: $2"
    lacking=1
  fi
}

names() { # of the secrets or variables of an environment
  gh api --paginate "repos/$repository/environments/$1/$2" --jq ".$2[].name" || true
}

for name in "$@"; do
  for environment in "$name-plan" "$name"; do
    where="environment $environment"
    rules='[(.protection_rules[]? | select(.type == "required_reviewers") | "reviewers"),
      (select(.deployment_branch_policy) | "branches")] | join(" ")'
    if ! found=$(gh api "repos/$repository/environments/$environment" --jq "$rules" 2>/dev/null); then
      report "$where" "make it under Settings, Environments"
      continue
    fi
    lacks=""
    [[ $found == *branches ]] || lacks="Deployment branches and tags: choose $branch"
    report "$where, branches" "$lacks"
    if [[ $environment == "$name" ]]; then
      lacks=""
      [[ $found == reviewers* ]] || lacks="choose some, or set unprotected: true in contact-lists.yml"
      report "$where, reviewers" "$lacks"
    fi
    lacks=""
    known=" $(names "$environment" secrets | tr '\n' ' ') $(names "$environment" variables | tr '\n' ' ') "
    for wanted in KORE_CLIENT_ID KORE_CLIENT_SECRET KORE_HOST KORE_ACCOUNT_ID KORE_STREAM_ID; do
      [[ $known == *" $wanted "* ]] || lacks+=" $wanted"
    done
    report "$where, secrets and variables" "${lacks# }"
  done
done

types=$(gh api --paginate "repos/$repository/rules/branches/$state" --jq '.[].type')
lacks=""
for type in $types; do
  case $type in
    deletion | non_fast_forward | required_linear_history) ;;
    *) lacks+=" $type" ;;
  esac
done
report "branch $state" "${lacks:+exclude it from the rules that would refuse the state:$lacks}"
required=$(gh api --paginate "repos/$repository/rules/branches/$branch" \
  --jq '.[] | select(.type == "required_status_checks") | .parameters.required_status_checks[].context')
required+=$'\n'$(gh api "repos/$repository/branches/$branch/protection/required_status_checks" \
  --jq '.contexts[]' 2>/dev/null) || true
lacks="require the check \`contact lists\` in a ruleset of $branch"
[[ $'\n'$required$'\n' != *$'\ncontact lists\n'* ]] || lacks=""
report "branch $branch, required check" "$lacks"
exit "$lacking"
