"""The kinds of problems that a manifest can have, each with its code; `codes.toml` has an entry for each.

A code keeps its meaning for ever; the words of a message may become better. There are gaps for kinds to come.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """A kind of problem, by its code."""

    # Files
    NOT_READ = "M001"
    EMPTY_FILE = "M002"
    NOT_UTF8 = "M003"
    INVISIBLE_CHARACTER = "M004"
    NO_MAPPING = "M005"
    TWO_DOCUMENTS = "M006"
    TOO_DEEP = "M007"
    TOO_MUCH = "M008"
    INCLUDE = "M009"
    # YAML
    TAB = "M010"
    COLON_OR_INDENTATION = "M011"
    OPEN_QUOTE = "M012"
    ESCAPE = "M013"
    SPECIAL_START = "M014"
    NO_COLON = "M015"
    BLOCK_MARK = "M016"
    BRACKET = "M017"
    NOT_YAML = "M018"
    ANCHOR_OR_TAG = "M019"
    COMMENT_IN_TEXT = "M020"
    OPEN_BLOCK = "M021"
    KEY_NO_TEXT = "M022"
    KEY_TWICE = "M023"
    NOT_TEXT = "M024"
    # Keys and values
    UNKNOWN_KEY = "M030"
    MISSING_KEY = "M031"
    BAD_NAME = "M032"
    WRONG_VALUE = "M033"
    NULL = "M034"
    ONLY_LISTS = "M035"
    # Names and descriptions
    EMPTY_TEXT = "M040"
    OUTER_SPACE = "M041"
    CONTROL_CHARACTER = "M042"
    UNSEEN_TEXT = "M043"
    TOO_LONG = "M044"
    EQUAL_NAMES = "M045"
    NAME_PATTERN = "M046"
    REQUIRED = "M047"
    NOTHING_MANAGED = "M048"
    # Ids and environments
    ID_TWICE = "M050"
    ONE_ID = "M051"
    NO_SUCH_ENVIRONMENT = "M052"
    NO_ID_THERE = "M053"
    LIST_TWICE = "M054"
    # Settings
    HOST = "M060"
    STATE_PLACE = "M061"
    NAME_FORMAT = "M062"
    PATTERN = "M063"
    FREEZE = "M064"


class Flaw(NamedTuple):
    """What is wrong with something, and the way out."""

    kind: Kind
    message: str

    def __str__(self) -> str:
        return self.message
