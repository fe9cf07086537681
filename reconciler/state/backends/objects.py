"""The objects of a bucket below a prefix: read with a version, replaced as a whole and only on top of it.

The only importer of obstore, which comes with the extra `objects`. It tries by itself again what the store could not do
(`_RETRIES`), so a put may find that it has already been done: `cas_object` is where the two are distinguished.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import AzureStore, GCSStore, S3Store

from reconciler.errors import StateError
from reconciler.files import size
from reconciler.trust import explain_untrusted

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")
_ENDED = re.compile(r"\s*(?:Debug source:.*)?\Z", re.DOTALL)
_ANSWER = re.compile(r"<Code>(?P<code>[^<]*)</Code>\s*<Message>(?P<message>[^<]*)</Message>")
_CERTIFICATE = re.compile(  # as rustls and reqwest say it in obstore's debugging
    r"InvalidCertificate\(\s*(?P<why>\w+)|(?P<none>No CA certificates were loaded)"
)
_LONGEST = 400
MOST = 256 * 1024 * 1024  # bytes of an object
Scheme: TypeAlias = Literal["s3", "gs", "az"]


@dataclass(frozen=True, slots=True)
class Version:
    """What a put builds on: whichever of ETag and generation the store goes by, "" for what it does not have."""

    e_tag: str
    generation: str


@dataclass(frozen=True, slots=True)
class Found:
    """What an object holds, and the version that it is."""

    content: bytes
    version: Version


class Objects(Protocol):
    """Some objects that are replaced one by one, compare-and-swap."""

    def get(self, name: str) -> Found | None:
        """Return an object, None where there is none; raises StateError where that cannot be known."""
        ...

    def put(self, name: str, content: bytes, expected: Version | None) -> Version | None:
        """Put an object in the place of `expected` (None: of nothing); None where something else is there.

        Raises StateError where it may or may not have been put.
        """
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects in a folder, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where objects are, and how to get there: `keywords` are the options of obstore's store of that scheme."""

    url: str
    scheme: Scheme
    bucket: str
    prefix: str
    keywords: Mapping[str, object]
    plain_http: bool
    secrets: tuple[str, ...]


class Bucket:
    """The objects at a place: Objects."""

    def __init__(self, place: Place) -> None:
        self._place = place
        with self._wrap_errors("cannot be reached"):
            self._store = _connect(place)

    def __str__(self) -> str:
        """Return where it is, as messages name it."""
        return self._place.url

    def get(self, name: str) -> Found | None:
        """Return an object, None where there is none."""
        with self._wrap_errors(f"{name} cannot be read"):
            try:
                found = obstore.get(self._store, name)
                if found.meta["size"] > MOST:
                    raise OSError(errno.EFBIG, f"it is larger than {size(MOST)}")
                return Found(bytes(found.bytes()), _version(found.meta["e_tag"], found.meta["version"]))
            except FileNotFoundError as error:
                if any(said in str(error) for said in _NO_BUCKET):
                    raise
                return None

    def put(self, name: str, content: bytes, expected: Version | None) -> Version | None:
        """Put an object in the place of `expected` (None: of nothing); None where something else is there."""
        mode: Literal["create"] | obstore.UpdateVersion = "create"
        if expected:
            mode = {"e_tag": expected.e_tag} if expected.e_tag else {}
            if expected.generation:
                mode["version"] = expected.generation
        with self._wrap_errors(f"{name} cannot be written"):
            try:
                done = obstore.put(self._store, name, content, mode=mode, use_multipart=False)
                return _version(done["e_tag"], done["version"])
            except (AlreadyExistsError, PreconditionError):
                return None

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects in a folder, oldest first."""
        with self._wrap_errors(f"{folder} cannot be listed"):
            found = [each for some in obstore.list(self._store, f"{folder}/") for each in some]
        return [each["path"] for each in sorted(found, key=lambda each: (each["last_modified"], each["path"]))]

    @contextmanager
    def _wrap_errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if not isinstance(error, BaseError | OSError | ValueError) and type(error).__name__ != "PanicException":
                raise  # that one is how obstore dies of what it did not expect; it derives from BaseException
            raise StateError(f"{self._place.url}: {what}: {self._explain(error)}") from error

    def _explain(self, error: BaseException) -> str:
        if refused := _CERTIFICATE.search(str(error)):
            return explain_untrusted(refused["why"] or refused["none"])
        return (
            f"{_one_line(error, self._place.secrets)}. The state is in an object store: look at its address, the "
            "credentials of this run and the rights that they give, and the network"
        )


def _connect(place: Place) -> ObjectStore:
    makers: Mapping[Scheme, Callable[..., ObjectStore]] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    client: ClientConfig = {"allow_http": place.plain_http, "connect_timeout": "5s", "timeout": "20s"}
    return makers[place.scheme](
        place.bucket, prefix=place.prefix or None, client_options=client, retry_config=_RETRIES, **place.keywords
    )


def _version(e_tag: str | None, generation: str | None) -> Version:
    return Version(e_tag or "", generation or "")


def _one_line(error: BaseException, secrets: tuple[str, ...]) -> str:
    """Return what obstore says in one line: without its debugging, the query of any address, and any secret."""
    said = " ".join(_ENDED.sub("", str(error)).split())
    if answer := _ANSWER.search(said):
        said = f"{answer['code']}: {answer['message']}"
    said = re.sub(r"\?[^\s\"')]*", "?…", said)
    for secret in secrets:
        said = said.replace(secret, "…")
    return said[:_LONGEST].rstrip(".")
