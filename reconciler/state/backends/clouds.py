"""From the URL of a state to the objects there: which cloud, at which address, with whose credentials.

    s3://BUCKET/PREFIX       Amazon S3, and what speaks like it
    gs://BUCKET/PREFIX       Google Cloud Storage
    az://CONTAINER/PREFIX    Azure Blob Storage; the account is named by AZURE_STORAGE_ACCOUNT_NAME

Credentials come from where the cloud's own tools take them: the variables that obstore reads, the tokens and metadata
services of machines and pipelines, and, where the cloud's own library is installed, whatever that knows (profiles,
single sign-on). Nothing of it stands in the manifest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, urlsplit

from reconciler.errors import StateError, UsageError
from reconciler.model.hosts import is_loopback

if TYPE_CHECKING:
    from reconciler.state.backends.objects import Bucket, Scheme

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_STEP = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_GCLOUD = Path("~/.config/gcloud/application_default_credentials.json")
_AZURE_ACCOUNT = "AZURE_STORAGE_ACCOUNT_NAME"
_SECRET = re.compile(r"SECRET|TOKEN|KEY|SAS|PASSWORD")


@dataclass(frozen=True, slots=True)
class _Cloud:
    """The variables that set another address, those whose credentials obstore uses itself, and who else may know.

    `library_variables` and `library_files` are where the cloud's own library looks before it asks a metadata service.
    Values of variables with the name `begins…` go into headers and addresses as they are: they must be one line.
    `usual` names the variables that people set most often.
    """

    endpoints: tuple[str, ...]
    own: tuple[str, ...]
    library: str
    provider: str
    begins: str = ""
    usual: str = ""
    library_variables: tuple[str, ...] = ()
    library_files: tuple[str, ...] = ()


_CLOUDS: Mapping[str, _Cloud] = {
    "s3": _Cloud(
        endpoints=("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
        own=("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
             "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SKIP_SIGNATURE"),
        library="obstore.auth.boto3", provider="Boto3CredentialProvider", begins="AWS_",
        usual="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        library_variables=("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"),
        library_files=("~/.aws/credentials", "~/.aws/config"),
    ),
    "gs": _Cloud(
        endpoints=("GOOGLE_BASE_URL",),
        own=("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY",
             "GOOGLE_SKIP_SIGNATURE"),
        library="obstore.auth.google", provider="GoogleCredentialProvider",
        usual="GOOGLE_APPLICATION_CREDENTIALS",
    ),
    "az": _Cloud(
        endpoints=("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
        own=("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_TOKEN",
             "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USE_AZURE_CLI",
             "AZURE_STORAGE_USE_EMULATOR", "AZURE_SKIP_SIGNATURE"),
        library="obstore.auth.azure", provider="AzureCredentialProvider", begins="AZURE_",
        usual=f"{_AZURE_ACCOUNT} with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
        library_files=("~/.azure",),
    ),
}  # fmt: skip


def bucket(url: str, variables: Mapping[str, str]) -> Bucket:
    """Return the objects at `url`; raises UsageError, and StateError where obstore is missing or cannot begin."""
    scheme, name, prefix = _parts(url)
    cloud = _CLOUDS[scheme]
    for variable, value in variables.items():
        if variable in cloud.endpoints or (cloud.begins and variable.startswith(cloud.begins)):
            _check_one_line(variable, value)
    plain = [each for each in cloud.endpoints if _is_plain(each, variables.get(each, ""))]
    emulated = _is_emulated(scheme, variables)
    if scheme == "az" and not (emulated or variables.get(_AZURE_ACCOUNT)):
        raise UsageError(f"{url}: {_AZURE_ACCOUNT} is not set: it names the storage account that has the container")
    try:
        from reconciler.state.backends.objects import Bucket, Place  # noqa: PLC0415  # obstore is an extra
    except ImportError as error:
        raise StateError(
            f"{url}: a state in an object store needs obstore: install again with the extra objects (docs/install.md)"
        ) from error
    return Bucket(
        Place(
            url,
            scheme,
            name,
            prefix,
            keywords=_keywords(url, scheme, variables),
            plain_http=bool(plain) or emulated,
            secrets=tuple(value for key, value in variables.items() if _SECRET.search(key) and len(value) >= 6),
        )
    )


def missing_credentials(url: str, variables: Mapping[str, str]) -> str:
    """Return, for people, which variables are missing if only the cloud's metadata service is left to ask, else ""."""
    scheme, _, _ = _parts(url)
    cloud = _CLOUDS[scheme]
    google = scheme == "gs" and (variables.get("GOOGLE_APPLICATION_CREDENTIALS") or _GCLOUD.expanduser().exists())
    if google or any(variables.get(name) for name in cloud.own) or _library_knows(cloud, variables):
        return ""
    return (
        f"{url}: no variable with credentials is set (usually {cloud.usual}): this machine's metadata service is asked "
        "for them, and only machines of that cloud have one"
    )


def _library_knows(cloud: _Cloud, variables: Mapping[str, str]) -> bool:
    """Tell whether the cloud's library is installed, and finds something before it asks a metadata service."""
    found = any(variables.get(name) for name in cloud.library_variables)
    return (found or any(Path(name).expanduser().exists() for name in cloud.library_files)) and bool(_provider(cloud))


def _parts(url: str) -> tuple[Scheme, str, str]:
    scheme, _, rest = url.partition("://")
    name, _, prefix = rest.rstrip("/").partition("/")
    steps = prefix.split("/") if prefix else []
    if not _BUCKET.fullmatch(name) or not all(_STEP.fullmatch(step) for step in steps):
        raise UsageError(
            f"state: {url!r} is not understood: write {scheme}://{'CONTAINER' if scheme == 'az' else 'BUCKET'}/PREFIX, "
            "of letters, digits, dots, dashes and underscores"
        )
    return cast("Scheme", scheme), name, prefix


def _check_one_line(variable: str, value: str) -> None:
    if not value.isprintable():
        raise UsageError(
            f"{variable}: has a line break or another character that cannot be meant: was it pasted with one?"
        )


def _is_plain(variable: str, endpoint: str) -> bool:
    """Tell whether an address is plain http, which is for this machine only."""
    if not endpoint:
        return False
    parts = _address(endpoint)
    if parts is None:
        raise UsageError(
            f"{variable}: is not an address: one begins with https:// and the host, without user or password"
        )
    if parts.scheme != "http":
        return False
    host = parts.hostname or ""
    if not is_loopback(host):
        raise UsageError(f"{variable}: plain http is for this machine only, not for {host!r}: use https")
    return True


def _address(endpoint: str) -> SplitResult | None:
    try:
        parts = urlsplit(endpoint)
        usable = parts.port != 0 and bool(parts.hostname) and "@" not in parts.netloc and " " not in endpoint
    except ValueError:
        return None
    return parts if usable and parts.scheme in {"http", "https"} else None


def _is_emulated(scheme: str, variables: Mapping[str, str]) -> bool:
    """Tell whether Azure's emulator is meant, which is on this machine and talks plain http."""
    if scheme != "az" or variables.get("AZURE_STORAGE_USE_EMULATOR", "").lower() not in {"1", "true"}:
        return False
    return _is_plain("AZURITE_BLOB_STORAGE_URL", variables.get("AZURITE_BLOB_STORAGE_URL") or "http://127.0.0.1:10000")


def _keywords(url: str, scheme: str, variables: Mapping[str, str]) -> dict[str, object]:
    """Return what obstore does not read by itself: Google's address, and the credentials that a library knows."""
    cloud = _CLOUDS[scheme]
    keywords: dict[str, object] = {}
    if scheme == "gs" and (endpoint := variables.get(cloud.endpoints[0])):
        keywords["base_url"] = endpoint
    if not any(variables.get(name) for name in cloud.own) and (provider := _provider(cloud)):
        try:
            keywords["credential_provider"] = provider()
        except Exception as error:
            raise StateError(
                f"{url}: no credentials were found ({' '.join(str(error).split())[:200]}): set {cloud.usual}"
            ) from error
    return keywords


def _provider(cloud: _Cloud) -> Callable[[], object] | None:
    """Return what finds credentials with the cloud's library; None if that is not installed.

    Then obstore's own chain is left: files, tokens and metadata services.
    """
    try:
        return cast("Callable[[], object]", getattr(import_module(cloud.library), cloud.provider))
    except ImportError:
        return None
