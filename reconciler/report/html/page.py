"""What stands on the page, as values: words, numbers and where they lead. Nothing is escaped here.

Page ─ Bar*  Notice*  Step*  Standing*  Matrix?  Group* ─ Article* ─ Text* ─ Side*  Fact*
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.fields import Field, label
from reconciler.report.steps import Step
from reconciler.report.view.kinds import Kind, Tone
from reconciler.report.view.view import Entry
from reconciler.report.words import Piece


@dataclass(frozen=True, slots=True)
class Side:
    """One of the texts that stand side by side; `remark` says what there is instead of a text."""

    label: str
    pieces: tuple[Piece, ...] = ()
    remark: str = ""

    @property
    def plain(self) -> str:
        """The text without marks."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Text:
    """A field of a list, on one side or more; with one, nothing changes in it."""

    field: Field
    sides: tuple[Side, ...]

    @property
    def label(self) -> str:
        """What the field is called."""
        return label(self.field)


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about a list, behind a `label`."""

    label: str
    said: str
    tone: Tone = "quiet"


@dataclass(frozen=True, slots=True)
class Article:
    """An entry as it is shown; `anchor` is what a permanent link to it names."""

    entry: Entry
    anchor: str
    texts: tuple[Text, ...]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The articles of a kind, over all environments."""

    kind: Kind
    articles: tuple[Article, ...]

    @property
    def folded(self) -> bool:
        """Whether it starts folded."""
        return self.kind.bulky and self.many

    @property
    def many(self) -> bool:
        """Whether a browser should not lay all of it out at once."""
        return len(self.articles) > _MANY


_MANY = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """A count in the chart; one without an `anchor` stands beside it, not in it: it would dwarf the others."""

    number: int
    words: str
    tone: Tone
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence about an environment as a whole, above everything else."""

    environment: str
    said: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Cell:
    """What one environment has to say of a list; `text` is its new name, where rows differ by it."""

    kind: Kind | None
    anchor: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A list, with a cell for each environment."""

    key: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The lists that environments differ in; `alike` counts those with the same in all, `more` those not shown.

    `idle` says what a cell without an entry means.
    """

    environments: tuple[str, ...]
    rows: tuple[Row, ...]
    alike: int
    more: int
    idle: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An environment among others: its counts, and what they cost."""

    environment: str
    counts: str
    cost: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line at the end of the page: where it all came from."""

    label: str
    said: str
    exact: bool = False  # a digest or an id, to be compared letter by letter
    leads: bool = False  # it is an address of https


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a filter: the value in links, and what it is called."""

    value: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page; `subject` is the command that it reports on, `made_at` RFC 3339 in UTC."""

    subject: str
    kind_is: str  # what the kinds of its groups are: the action, the outcome
    environments: tuple[str, ...]
    made_at: str
    tone: Tone
    headline: tuple[str, ...]  # sentences without full stops, the one that matters most first
    lede: tuple[str, ...]
    bars: tuple[Bar, ...]
    notices: tuple[Notice, ...]
    steps: tuple[Step, ...]
    standings: tuple[Standing, ...]
    cost_verb: str  # of the costs of the standings
    matrix: Matrix | None
    groups: tuple[Group, ...]
    facts: tuple[Fact, ...]

    @property
    def articles(self) -> Sequence[Article]:
        """All articles, in the order of the page."""
        return [article for group in self.groups for article in group.articles]

    @property
    def kinds(self) -> Sequence[Option]:
        """The choices by kind."""
        return [Option(group.kind.name, group.kind.title) for group in self.groups]

    @property
    def causes(self) -> Sequence[Option]:
        """The choices by cause, in the order of the page."""
        causes = {article.entry.cause: article.entry.why for article in self.articles}
        return [Option(cause, why) for cause, why in causes.items()]
