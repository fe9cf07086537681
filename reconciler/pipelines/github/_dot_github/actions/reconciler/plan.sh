#!/usr/bin/env bash
# Lets an apply have only the plan that its own run has shown: PLAN is the file, DIGEST what the plan's job said of it.
# With ATTESTED=true its signature must be that of the workflow that plans, for this repository, branch and commit.
set -euo pipefail

if [[ $ATTESTED == true ]]; then
  gh attestation verify "$PLAN" --repo "$GITHUB_REPOSITORY" --source-ref "$GITHUB_REF" --source-digest "$GITHUB_SHA" \
    --signer-workflow "$GITHUB_REPOSITORY/.github/workflows/reconcile-apply.yml"
fi
found=$(sha256sum "$PLAN")
if [[ ${found%% *} != "$DIGEST" ]]; then
  echo "::error::$PLAN is not the plan that this run has shown: its SHA-256 is ${found%% *}, not $DIGEST."
  exit 1
fi
