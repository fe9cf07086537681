"""Values, documents and files as nobody would write them on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hypothesis import strategies as st

VALUES = [
    *("", " ", "-", "--", "-1", "0", "1", "5", "1.5", "1e10", "1e-320", "inf", "nan", "1_000", "٣", "0x10", "9" * 5000),
    *(
        "\udcff",
        "\udcff.json",
        "\n",
        "\x1b[31m",
        "\u202e",
        "☃",
        "a" * 300,
        "a" * 70_000,
        "*",
        "[",
        "[!",
        "[a-",
        "**",
        "?",
    ),
    *("..", ".", "/", "/dev/null", "/dev/full", "lists.yaml", "plan.json", "no/such.json", ".reconciler", "new.json"),
    *("json=-", "json=r.json", "html=r.html", "markdown=/dev/full", "junit=.", "x=y", "json=", "=", "github=a/b/c"),
    *("prod", "dev", "PROD", "prod,dev", "a", "b", "A", "cl-0000001-0000", "Alpha 1", "bash", "manifest", "plan"),
    *("s3://", "git+branch://x", "gs://a/b", "folder", "file:///x", "://", "limit=1", "limit=x", "nothing=1"),
    *("--json", "--yes", "--env", "-f", "-h", "--help", "--version"),
]
values = st.sampled_from(VALUES) | st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=20
)

DEEP = 100_000
CONTENTS: dict[str, bytes] = {
    "nothing": b"",
    "a line": b"\n",
    "NULs": bytes(4096),
    "a byte order mark": b"\xef\xbb\xbf",
    "no UTF-8": b"\xff\xfe\x00a\x80",
    "half a letter": "Ä".encode()[:1],
    "open brackets": b"[" * DEEP,
    "open braces": b'{"a":' * DEEP,
    "closed brackets": b"[" * DEEP + b"]" * DEEP,
    "deep YAML": b"".join(b" " * depth + b"a:\n" for depth in range(1000)),
    "many dashes": b"- " * DEEP,
    "a huge number": b"9" * DEEP,
    "a number too large": b"1e999999999",
    "null": b"null",
    "a list": b"[]",
    "an object": b"{}",
    "a text": b'"x"',
    "a number": b"1",
    "a key twice": b'{"a": 1, "a": 2}',
    "many keys": b"{" + b", ".join(b'"k%d": 0' % number for number in range(20_000)) + b"}",
    "one key, many times": b"version: 1\n" * 20_000,
    "a long line": b"a: " + b"x" * 1_000_000,
    "many anchors": b"".join(b"- &a%d x\n" % number for number in range(5_000)),
    "half an emoji": b'{"format": "\\ud83d"}',
    "a shell script": b"#!/bin/sh\nexit 1\n",
    "conflict markers": b"<<<<<<< a\n{}\n=======\n[]\n>>>>>>> b\n",
    "a control character": b"a: \x1b[2J\x07\n",
    "tabs": b"\ta:\n\t\tb: 1\n",
    "two documents": b"a: 1\n---\nb: 2\n",
    "infinities": b'{"format": Infinity, "lists": NaN}',
}

TEXTS = ["", "x", "x" * 10_000, "\ud83d", "\x00", "\x1b[2J"]
NODES: list[object] = [None, True, 0, 1, -1, 1.5, 10**20, 10**400, *TEXTS, [], {}, [[]], {"": {}}]
PIECES = [b"", b"\0", b"[", b"{", b'"', b"\n", b": ", b"\\u0000", b"\xff"]
KEYS = ["", "x", "__proto__", "key", "\ud83d", "a" * 1000]


@st.composite
def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    """Return `content` cut, doubled, mixed up, or with other bytes in it."""
    start = draw(st.integers(0, len(content)))
    end = draw(st.integers(start, min(len(content), start + 200)))
    part = content[start:end]
    new = draw(st.sampled_from([part + part, *PIECES]) | st.binary(max_size=8))
    return content[:start] + new + content[end:] * draw(st.booleans())


@st.composite
def retyped(draw: st.DrawFn, content: bytes) -> bytes:
    """Return a JSON document of which one value is another, or one key is dropped or added."""
    document = json.loads(content)
    for _ in range(draw(st.integers(1, 3))):
        node = draw(st.sampled_from([node for node in _nodes(document) if node]))
        if isinstance(node, list):
            node[draw(st.integers(0, len(node) - 1))] = draw(st.sampled_from(NODES))
            continue
        key = draw(st.sampled_from([*node, *KEYS[: draw(st.integers(0, 1)) * len(KEYS)]]))
        if draw(st.integers(0, 3)):
            node[key] = draw(st.sampled_from(NODES))
        else:
            node.pop(key, None)
    if draw(st.booleans()):
        document.pop("checksum", None)
    return json.dumps(document).encode()


def _nodes(node: object) -> Iterator[dict[str, object] | list[object]]:
    """Yield every object and array of a document."""
    if isinstance(node, dict | list):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from _nodes(child)
