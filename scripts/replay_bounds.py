"""What no key of the grade cache can reach on graded answers, whatever it does.

A key parts the answers of a question into classes; each class serves its first answer's grade to
the others. Over all random orders a class of n answers, n_s of them with score s, gives n - 1 hits,
of which n - sum(n_s ** 2) / n are wrong on average. Three facts follow:

- A coarser key is never wrong less often. sum(n_s ** 2) / n is convex and homogeneous, hence
  subadditive: of two classes that are joined, the sum is no larger than both sums together.
- A finer key never hits more often: it has no fewer classes.
- Parting each class by score gives the most hits without a wrong one. Each further hit joins two
  classes of a and b answers with different scores, and 2ab / (a + b), at least one, are wrong then.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Classes:
    """A key's classes: how many answers have which score in each."""

    scores: tuple[Counter[float], ...]

    @property
    def answers(self) -> int:
        """How many answers there are."""
        return sum(one.total() for one in self.scores)

    @property
    def hits(self) -> int:
        """How many are served, in any order."""
        return self.answers - len(self.scores)

    @property
    def wrong(self) -> float:
        """How many are served another score than theirs, over all orders."""
        return sum(
            one.total() - sum(count**2 for count in one.values()) / one.total()
            for one in self.scores
        )

    @property
    def agreeing(self) -> int:
        """The most hits of any finer key that serves no wrong grade: one that knows the scores."""
        return self.answers - sum(len(one) for one in self.scores)

    def most_hits(self, rate: float) -> float:
        """No finer key has more hits, where at most this share of them is wrong."""
        return min(self.hits, self.agreeing / (1 - rate))

    def fewest_hits(self, rate: float) -> float:
        """No coarser key has so small a share of wrong hits with fewer of them."""
        return self.wrong / rate


def classes_of(answers: Iterable[tuple[str, str, float]], key: Callable[[str], str]) -> Classes:
    """The classes of answers, given as question, text and score."""
    counted: dict[tuple[str, str], Counter[float]] = defaultdict(Counter)
    for question_id, text, score in answers:
        counted[question_id, key(text)][score] += 1
    return Classes(tuple(counted.values()))
