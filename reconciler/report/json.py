"""A document for machines as text: JSON, the order of the properties as the document has it.

Text stands as it is, in any language; only what would act or hide on a terminal is escaped, which means the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconciler.report import escape


def render(document: Mapping[str, object]) -> str:
    """Return a document as text that ends with a line break."""
    return escape.json_document(json.dumps(document, ensure_ascii=False, indent=1)) + "\n"
