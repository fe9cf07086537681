"""What the variables of each CI system say of its build."""

from __future__ import annotations

import pytest

from reconciler.cli.ci_build import build_facts

GITHUB = {
    "GITHUB_RUN_ID": "7",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/lists",
    "GITHUB_SHA": "5f0c",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_HEAD_REF": "",
    "GITHUB_ACTOR": "kim",
}
GITLAB = {
    "CI_JOB_URL": "https://gitlab.com/acme/lists/-/jobs/7",
    "CI_COMMIT_SHA": "5f0c",
    "CI_COMMIT_REF_NAME": "refs/merge-requests/12/head",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "winback",
    "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.com/acme/lists",
    "CI_MERGE_REQUEST_IID": "12",
    "GITLAB_USER_LOGIN": "kim",
}
AZURE = {
    "BUILD_BUILDID": "7",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/",
    "SYSTEM_TEAMPROJECTID": "e0730109",
    "BUILD_SOURCEBRANCH": "refs/heads/main",
}
BITBUCKET = {"BITBUCKET_BUILD_NUMBER": "7", "BITBUCKET_REPO_FULL_NAME": "acme/lists", "BITBUCKET_PR_ID": "12"}
CIRCLE = {"CIRCLE_BUILD_URL": "https://circleci.com/gh/acme/lists/7", "CIRCLE_USERNAME": "kim"}
JENKINS = {
    "BUILD_URL": "https://ci.example/job/lists/7/",
    "GIT_COMMIT": "5f0c",
    "BRANCH_NAME": "PR-12",
    "CHANGE_ID": "12",
}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, {}),
        ({"CI": "true"}, {}),
        (
            GITHUB,
            {
                "Build": "https://github.com/acme/lists/actions/runs/7",
                "Commit": "5f0c",
                "Branch": "main",
                "Started by": "kim",
            },
        ),
        (
            GITHUB | {"GITHUB_HEAD_REF": "winback", "GITHUB_REF": "refs/pull/12/merge", "GITHUB_REF_NAME": "12/merge"},
            {
                "Build": "https://github.com/acme/lists/actions/runs/7",
                "Commit": "5f0c",
                "Branch": "winback",
                "Pull request": "https://github.com/acme/lists/pull/12",
                "Started by": "kim",
            },
        ),
        (
            GITLAB,
            {
                "Build": "https://gitlab.com/acme/lists/-/jobs/7",
                "Commit": "5f0c",
                "Branch": "winback",
                "Merge request": "https://gitlab.com/acme/lists/-/merge_requests/12",
                "Started by": "kim",
            },
        ),
        (
            AZURE,
            {"Build": "https://dev.azure.com/acme/e0730109/_build/results?buildId=7", "Branch": "refs/heads/main"},
        ),
        (
            BITBUCKET,
            {
                "Build": "https://bitbucket.org/acme/lists/pipelines/results/7",
                "Pull request": "https://bitbucket.org/acme/lists/pull-requests/12",
            },
        ),
        (CIRCLE, {"Build": "https://circleci.com/gh/acme/lists/7", "Started by": "kim"}),
        (
            JENKINS,
            {"Build": "https://ci.example/job/lists/7/", "Commit": "5f0c", "Branch": "PR-12", "Pull request": "12"},
        ),
    ],
)
def test_what_is_known_of_a_build(variables: dict[str, str], said: dict[str, str]) -> None:
    assert build_facts(variables) == said


def test_no_link_tells_who_may_follow_it() -> None:
    found = build_facts(
        {**JENKINS, "BUILD_URL": "https://user:hid@den@ci.example/job/lists/7/", "CHANGE_AUTHOR": "a@b"}
    )
    assert (found["Build"], found["Started by"]) == ("https://ci.example/job/lists/7/", "a@b")
