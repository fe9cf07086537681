"""From a URL to objects: what is refused, at which address, with whose credentials; and what a cloud's errors say."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import trustme

from reconciler.errors import StateError, UsageError
from reconciler.state.backends.clouds import bucket, missing_credentials
from tests.api.peer import Peer, reply
from tests.state.servers import deaf_port, in_place

KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "very-secret-key", "AWS_REGION": "us-east-1"}


@pytest.mark.parametrize(
    "url",
    ["s3://", "s3:///p", "s3://b/a//c", "s3://b/../c", "s3://b/a b", "s3://user:pw@b/a", "gs://b?x=1", "s3://b/.x"],
)
def test_what_is_no_place_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"is not understood: write .*://BUCKET/PREFIX"):
        bucket(url, {})
    with pytest.raises(UsageError, match="write az://CONTAINER/PREFIX"):
        bucket(url.replace("s3:", "az:").replace("gs:", "az:"), {})


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("s3://b", "AWS_ENDPOINT_URL_S3"),
        ("s3://b", "AWS_ENDPOINT_URL"),
        ("s3://b", "AWS_ENDPOINT"),
        ("az://b", "AZURE_STORAGE_ENDPOINT"),
        ("az://b", "AZURE_ENDPOINT"),
        ("gs://b", "GOOGLE_BASE_URL"),
    ],
)
@pytest.mark.parametrize("host", ["example.com", "10.0.0.1"])
def test_plain_http_is_for_this_machine_only(url: str, variable: str, host: str) -> None:
    with pytest.raises(UsageError, match=f"{variable}: plain http is for this machine only"):
        bucket(url, {variable: f"http://{host}:9000"})


def test_https_is_for_every_machine() -> None:
    with in_place(KEYS):
        assert str(bucket("s3://b", {"AWS_ENDPOINT_URL": "https://minio.example:9000", **KEYS})) == "s3://b"


class PanicException(BaseException):  # its name in obstore
    """What obstore dies of."""


def test_what_obstore_dies_of_is_said_and_what_ends_the_program_ends_it() -> None:
    with in_place(KEYS):
        objects = bucket("s3://b", KEYS)
    with (
        pytest.raises(StateError, match="s3://b: x cannot be read: no such header"),
        objects._wrap_errors("x cannot be read"),
    ):
        raise PanicException("no such header")
    with pytest.raises(KeyboardInterrupt), objects._wrap_errors("x"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_to_this_machine(host: str) -> None:
    with in_place(KEYS):
        assert str(bucket("s3://b/p/", {"AWS_ENDPOINT_URL": f"http://{host}:1", **KEYS})) == "s3://b/p/"


def test_the_emulator_of_azure() -> None:
    emulated = {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURE_STORAGE_ACCOUNT_NAME": "devstoreaccount1"}
    with in_place(emulated):
        assert str(bucket("az://b", emulated)) == "az://b"
    with pytest.raises(UsageError, match="AZURITE_BLOB_STORAGE_URL: plain http is for this machine only"):
        bucket("az://b", {**emulated, "AZURITE_BLOB_STORAGE_URL": "http://example.com"})


def test_what_a_store_lacks_to_begin_is_said() -> None:
    with pytest.raises(UsageError, match="az://b: AZURE_STORAGE_ACCOUNT_NAME is not set"):
        bucket("az://b", {})


def test_without_obstore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "reconciler.state.backends.objects", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(StateError, match="needs obstore: install again with the extra objects"):
        bucket("s3://b", KEYS)


def test_credentials_of_the_library_of_a_cloud_where_it_is_installed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A profile, which obstore does not read by itself; and no credentials anywhere."""
    folder = tmp_path_factory.mktemp("aws")
    (folder / "credentials").write_text("[work]\naws_access_key_id = id\naws_secret_access_key = from-a-profile\n")
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"), "AWS_CONFIG_FILE": str(folder / "config")}
    with (
        deaf_port() as port,
        in_place({**files, "AWS_PROFILE": "work", "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}"}),
    ):
        objects = bucket("s3://b", os.environ)
        assert str(objects) == "s3://b"
    with in_place(files), pytest.raises(StateError, match="no credentials were found"):
        bucket("s3://b", os.environ)


def test_a_library_that_is_not_installed_leaves_it_to_obstore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.auth.google", None)
    with in_place({"GOOGLE_BASE_URL": "http://127.0.0.1:1"}):
        assert str(bucket("gs://b/p", os.environ)) == "gs://b/p"


@pytest.mark.parametrize(
    ("url", "named", "enough"),
    [
        ("s3://b", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("gs://b/p", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("az://b", "AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_ID"),
    ],
)
def test_variables_that_are_missing_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, named: str, enough: str
) -> None:
    for library in ("boto3", "google", "azure"):
        monkeypatch.setitem(sys.modules, f"obstore.auth.{library}", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert named in missing_credentials(url, {})
    assert missing_credentials(url, {enough: "x"}) == ""


def test_nor_does_a_library_ask_before_they_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "AWS_ACCESS_KEY_ID" in missing_credentials("s3://b", {})
    assert missing_credentials("s3://b", {"AWS_PROFILE": "work"}) == ""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").touch()
    assert missing_credentials("s3://b", {}) == ""


@pytest.mark.parametrize("kind", ["s3", pytest.param("az", marks=pytest.mark.slow)])
def test_what_a_cloud_says_is_said_without_secrets(kind: str, cloud: Mapping[str, str]) -> None:
    nowhere = bucket(f"{kind}://nowhere/lists", os.environ)
    for deed in (
        lambda: nowhere.get("a"),
        lambda: nowhere.put("a", b"1", None),
        lambda: nowhere.names("a"),
    ):
        with pytest.raises(StateError, match=r"The specified (bucket|container) does not exist") as raised:
            deed()
        assert not any(value in str(raised.value) for name, value in cloud.items() if "KEY" in name)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "variable", "value"),
    [
        ("s3://b", "AWS_ENDPOINT_URL_S3", "minio.example:9000"),
        ("s3://b", "AWS_ENDPOINT_URL", "//minio.example"),
        ("gs://b", "GOOGLE_BASE_URL", "storage.example"),
        ("az://b", "AZURE_STORAGE_ENDPOINT", "https:/x.example"),
        ("s3://b", "AWS_ENDPOINT_URL", "https://minio.example:99999"),
        ("s3://b", "AWS_ENDPOINT_URL", "http://[::1"),
        ("s3://b", "AWS_ENDPOINT_URL", "https://minio.example\n"),
        ("s3://b", "AWS_ENDPOINT_URL", " https://minio.example"),
        ("s3://b", "AWS_ENDPOINT_URL", "https://user:hunter2@minio.example"),
        ("gs://b", "GOOGLE_BASE_URL", "https://storage.example\t"),
        ("s3://b", "AWS_REGION", "us-east-1\n"),
        ("az://b", "AZURE_STORAGE_ACCOUNT_NAME", "account\n"),
        ("s3://b", "AWS_SECRET_ACCESS_KEY", "very-secret-key\n"),
        ("s3://b", "AWS_SESSION_TOKEN", "very\r\nsecret"),
        ("az://b", "AZURE_STORAGE_ACCOUNT_KEY", "very-secret\x00"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_named_and_not_told(url: str, variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"^{variable}: ") as raised:
        bucket(url, {**KEYS, variable: value})
    assert value.strip() not in str(raised.value)


def test_a_secret_in_an_address_is_not_said() -> None:
    """Nobody should, but some endpoints carry a token."""
    with deaf_port() as port, in_place({**KEYS, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}/very-secret-key"}):
        objects = bucket("s3://b/p", os.environ)
        with pytest.raises(StateError) as raised:
            objects.get("a")
    assert "very-secret-key" not in str(raised.value)
    assert "s3://b/p: a cannot be read" in str(raised.value)


def test_a_store_of_an_unknown_authority_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    empty = Peer(reply(404), tls=context)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with empty, in_place({**KEYS, "AWS_ENDPOINT_URL": empty.url}):
        with pytest.raises(StateError, match=r"certificate is not trusted: UnknownIssuer\. .* SSL_CERT_FILE"):
            bucket("s3://b", os.environ).get("x")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert bucket("s3://b", os.environ).get("x") is None
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        with pytest.raises(StateError, match=r"SSL_CERT_FILE of the environment.* cannot be read: correct it"):
            bucket("s3://b", os.environ).get("x")


def test_an_object_that_no_state_can_be_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(reply(200, b"x" * 1000, {"ETag": '"1"', "Last-Modified": "Sat, 28 Nov 2026 00:00:00 GMT"})) as peer:
        monkeypatch.setattr("reconciler.state.backends.objects.MOST", 999)
        with in_place({**KEYS, "AWS_ENDPOINT_URL": peer.url}):
            objects = bucket("s3://b", os.environ)
            with pytest.raises(StateError, match=r"x cannot be read: .*larger than"):
                objects.get("x")
