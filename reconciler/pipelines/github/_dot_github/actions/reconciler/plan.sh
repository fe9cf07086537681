#!/usr/bin/env bash
# Lets an apply have only the plan that its own run has shown: PLAN is the file, DIGEST what the plan's job said of it.
# With ATTESTED=true its signature must be that of the workflow that plans, for this repository, branch and commit.
# Refuses it once the branch has a newer commit that changes the manifest FILE or another YAML file.
set -euo pipefail

refuse() {
  echo "::error::$1 Nothing is applied. Look who could have put another artifact into this run; for a new plan, run the" \
    "workflow *contact lists* again with the command apply."
  exit 1
}

found=$(sha256sum "$PLAN")
if [[ ${found%% *} != "$DIGEST" ]]; then
  refuse "$PLAN is not the plan that this run has shown: its SHA-256 is ${found%% *}, not $DIGEST."
fi
if [[ $ATTESTED == true ]] && ! gh attestation verify "$PLAN" --repo "$GITHUB_REPOSITORY" \
  --source-ref "$GITHUB_REF" --source-digest "$GITHUB_SHA" \
  --signer-workflow "$GITHUB_REPOSITORY/.github/workflows/reconcile-apply.yml"; then
  refuse "$PLAN has no signature of the workflow that plans, for this repository, branch and commit; see above."
fi
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=credential.helper GIT_CONFIG_VALUE_0='' \
  GIT_CONFIG_KEY_1=credential.helper GIT_CONFIG_VALUE_1='!gh auth git-credential'
ERROR=::error:: exec bash "$(dirname "$0")/newest.sh" "$GITHUB_REF_NAME" "$FILE"
