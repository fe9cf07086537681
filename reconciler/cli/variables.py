"""The variables of the environment that count: what the manual page and docs/variables.md say of each.

A test compares the names with those that the code reads. The texts are Markdown; links are those of docs/.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Variable(NamedTuple):
    """One variable, or several of one kind."""

    names: tuple[str, ...]
    says: str


VARIABLES: Final = (
    Variable(
        ("KORE_CLIENT_ID", "KORE_CLIENT_SECRET"),
        "the JWT app: a fresh token is made for every request, retries too. Set but empty counts as not set",
    ),
    Variable(
        ("KORE_TOKEN",),
        "instead of them, a ready-made JWT, bare; not for apps that enforce JTI, which take a token once",
    ),
    Variable(
        ("KORE_JWT_ALGORITHM",),
        "`HS256` (default) or `HS512`",
    ),
    Variable(
        ("KORE_JWT_SUBJECT",),
        "the token's `sub`; default `contact-list-reconciler`",
    ),
    Variable(
        ("KORE_HOST", "KORE_ACCOUNT_ID", "KORE_STREAM_ID"),
        "**pins**: where set, also to nothing, they must equal the manifest's values, else exit 4 before any "
        "token is made, in every command that talks to the API. `plan` without `--refresh` does not, and does not "
        "look at them. A manifest that a pull request changed cannot send your credentials elsewhere",
    ),
    Variable(
        ("RECONCILER_FILE", "RECONCILER_ENV", "RECONCILER_TIMEOUT"),
        "defaults of `--file`, `--env` (several with commas between), `--timeout`",
    ),
    Variable(
        ("RECONCILER_SHARD",),
        "default of `--shard`: [a part of the accounts](commands.md#many-accounts), such as `2/5`",
    ),
    Variable(
        ("RECONCILER_STATE_IN_FOLDER",),
        "`refuse`: a manifest that keeps its state in a folder is not worked on, exit 1. The pipelines of `init` "
        "set it, since such a state ends with the job",
    ),
    Variable(
        ("RECONCILER_NOTIFY",),
        "addresses for [messages](commands.md#messages), with blanks or line breaks between; used where "
        "`--notify` is not given",
    ),
    Variable(
        ("NO_COLOR", "TERM"),
        "plain text where `NO_COLOR` is set, or `TERM` is `dumb`",
    ),
    Variable(
        ("GITHUB_STEP_SUMMARY",),
        "set by GitHub: the file that a job's summary is added to",
    ),
    Variable(
        ("GITHUB_OUTPUT",),
        "set by GitHub: the file that the [outputs of a step](commands.md#outputs-of-a-github-step) are added to",
    ),
    Variable(
        ("GITHUB_RUN_ID", "CI_JOB_URL", "BUILD_BUILDID", "BITBUCKET_BUILD_NUMBER", "CIRCLE_BUILD_URL", "BUILD_URL"),
        "a job of GitHub, GitLab, Azure, Bitbucket, CircleCI or Jenkins runs this. Whoever finds the state locked "
        "is shown its page, and the state's history names it and who started it; an HTML report shows that, the "
        "commit, the branch, the pull request and who started it, as further variables of that system say",
    ),
    Variable(
        ("SSL_CERT_FILE", "SSL_CERT_DIR"),
        "certificates to trust, of the API and of object stores, as OpenSSL reads these variables; without them, "
        "the system's",
    ),
    Variable(
        ("AWS_…", "AZURE_…", "GOOGLE_…"),
        "what the clouds' own tools read, where the state is in an [object store](state.md#in-an-object-store)",
    ),
    Variable(
        ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),
        "proxies to the API, and hosts to reach without one",
    ),
)
