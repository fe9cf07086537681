"""What the variables of a CI system say of the build that runs: its page, commit, branch, pull request and author."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Template
from typing import Final

LINK: Final = "Build"
STARTED_BY: Final = "Started by"
# By a variable that only this system sets: for each label what may be said, the first whose variables are all set.
SYSTEMS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "GITHUB_RUN_ID": {
        LINK: ("$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID",),
        "Commit": ("$GITHUB_SHA",),
        "Branch": ("$GITHUB_HEAD_REF", "$GITHUB_REF_NAME"),
        "Pull request": ("$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/pull/$PULL",),
        STARTED_BY: ("$GITHUB_TRIGGERING_ACTOR", "$GITHUB_ACTOR"),
    },
    "CI_JOB_URL": {
        LINK: ("$CI_JOB_URL",),
        "Commit": ("$CI_COMMIT_SHA",),
        "Branch": ("$CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "$CI_COMMIT_REF_NAME"),
        "Merge request": ("$CI_MERGE_REQUEST_PROJECT_URL/-/merge_requests/$CI_MERGE_REQUEST_IID",),
        STARTED_BY: ("$GITLAB_USER_LOGIN",),
    },
    "BUILD_BUILDID": {  # Azure
        # By the project's id: its name may hold spaces.
        LINK: ("$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECTID/_build/results?buildId=$BUILD_BUILDID",),
        "Commit": ("$BUILD_SOURCEVERSION",),
        "Branch": ("$SYSTEM_PULLREQUEST_SOURCEBRANCH", "$BUILD_SOURCEBRANCH"),
        "Pull request": ("$SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "$SYSTEM_PULLREQUEST_PULLREQUESTID"),
        STARTED_BY: ("$BUILD_REQUESTEDFOR",),
    },
    "BITBUCKET_BUILD_NUMBER": {
        LINK: ("https://bitbucket.org/$BITBUCKET_REPO_FULL_NAME/pipelines/results/$BITBUCKET_BUILD_NUMBER",),
        "Commit": ("$BITBUCKET_COMMIT",),
        "Branch": ("$BITBUCKET_BRANCH",),
        "Pull request": ("https://bitbucket.org/$BITBUCKET_REPO_FULL_NAME/pull-requests/$BITBUCKET_PR_ID",),
    },
    "CIRCLE_BUILD_URL": {
        LINK: ("$CIRCLE_BUILD_URL",),
        "Commit": ("$CIRCLE_SHA1",),
        "Branch": ("$CIRCLE_BRANCH",),
        "Pull request": ("$CIRCLE_PULL_REQUEST",),
        STARTED_BY: ("$CIRCLE_USERNAME",),
    },
    "BUILD_URL": {  # Jenkins
        LINK: ("$BUILD_URL",),
        "Commit": ("$GIT_COMMIT",),
        "Branch": ("$CHANGE_BRANCH", "$BRANCH_NAME", "$GIT_BRANCH"),
        "Pull request": ("$CHANGE_URL", "$CHANGE_ID"),
        STARTED_BY: ("$CHANGE_AUTHOR",),
    },
}
_PULL: Final = re.compile(r"refs/pull/(\d+)/merge")
_USER: Final = re.compile(r"(?<=://)[^/\s]*@")  # of an address; it may hold a password


def build_facts(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what is known of the build by label; empty outside of a CI system."""
    given = {name: value for name, value in variables.items() if value}
    if pull := _PULL.fullmatch(given.get("GITHUB_REF", "")):
        given["PULL"] = pull[1]
    system = next((system for marker, system in SYSTEMS.items() if marker in given), {})
    said = {label: _first_known(templates, given) for label, templates in system.items()}
    return {label: text for label, text in said.items() if text}


def _first_known(templates: tuple[str, ...], given: Mapping[str, str]) -> str:
    known = (Template(each) for each in templates)
    said = next((each.substitute(given) for each in known if given.keys() >= set(each.get_identifiers())), "")
    return _USER.sub("", said)
