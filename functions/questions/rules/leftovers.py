"""What is left of a batch's text for slots that stayed open, while its other chunks are asked."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from functions.questions.rules.dealing import joined
from functions.questions.rules.model import Passage, Slot, Span, span_of
from functions.questions.rules.statements import left_to_say

# What a slot should find unsaid (some five sentences), and of how much more text, that others are
# being asked about, it is worth waiting for a part. Measured with 300 questions of the sample
# chapter: with 400 characters one job in two needed a further round.
NEEDED_CHARACTERS = 700
NEARBY = 5
# Less than a statement or two isn't worth a call.
LEAST_CHARACTERS = 100


@dataclass(frozen=True)
class Offer:
    """Passages to ask about; none where `wait` says that some near by will be free, and none
    where nothing is left."""

    passages: tuple[Passage, ...] = ()
    wait: bool = False


class Leftovers:
    """Lends passages to one call at a time, so calls side by side don't ask the same.

    Text that a reply left slots open on has no more to give and isn't lent again.
    """

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = sorted(set(passages), key=lambda one: (one.page, one.start))
        self._lent: Counter[Passage] = Counter()
        self._exhausted: set[Passage] = set()
        self._unsaid: dict[tuple[Passage, int], float] = {}

    def lend(self, passages: Iterable[Passage]) -> None:
        """A call about these passages begins."""
        self._lent.update(self._parts(passages))

    def give_back(self, passages: Iterable[Passage], *, exhausted: bool) -> None:
        """Such a call is over."""
        parts = self._parts(passages)
        self._lent.subtract(parts)
        if exhausted:
            self._exhausted.update(parts)

    def offer(self, slots: Sequence[Slot], asked: Iterable[Span]) -> Offer:
        """The free text nearest to the slots' pages that has enough unsaid besides `asked`."""
        spent: dict[int, list[Span]] = defaultdict(list)
        for span in asked:
            spent[span.page].append(span)
        needed = NEEDED_CHARACTERS * len(slots)
        free: list[Passage] = []
        unsaid = seen = 0.0
        wait = False
        for passage in self._nearest(slots):
            left = self._left(passage, spent[passage.page])
            seen += left
            if self._lent[passage] > 0:
                wait = True
            else:
                free.append(passage)
                unsaid += left
            if unsaid >= needed:
                return Offer(tuple(joined(sorted(free, key=_place))))
            if wait and seen >= NEARBY * needed:
                break
        if wait or unsaid < LEAST_CHARACTERS:
            return Offer(wait=wait)
        return Offer(tuple(joined(sorted(free, key=_place))))

    def _left(self, passage: Passage, asked: Sequence[Span]) -> float:
        """Counted anew only when something was added to what is asked, which never shrinks."""
        key = passage, len(asked)
        if key not in self._unsaid:
            self._unsaid[key] = left_to_say(passage, asked)
        return self._unsaid[key]

    def _nearest(self, slots: Sequence[Slot]) -> list[Passage]:
        pages = [slot.page or 0 for slot in slots]
        return sorted(
            (one for one in self._passages if one not in self._exhausted),
            key=lambda one: min(abs(one.page - page) for page in pages),
        )

    def _parts(self, passages: Iterable[Passage]) -> list[Passage]:
        """The passages that have text in common with those: what is lent joined is known by parts,
        and where text is scarce neighbours were dealt the same."""
        spans = [span_of(one) for one in passages]
        return [one for one in self._passages if any(span_of(one).overlaps(two) for two in spans)]


def _place(passage: Passage) -> tuple[int, int]:
    return passage.page, passage.start
