"""What text a chunk is offered that asks again while its neighbours are asked."""

from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.leftovers import NEEDED_CHARACTERS, Leftovers, Offer
from functions.questions.rules.model import GenerationParameters, Passage, Slot, Span, span_of

SENTENCE = "A virus that infects a bacterium enters its cell by a tail fibre. "
TEXT = SENTENCE * (1 + NEEDED_CHARACTERS // len(SENTENCE))
PAGES = [Passage(number, 0, len(TEXT), TEXT) for number in range(1, 12)]


def slot(page: int) -> Slot:
    (drawn,) = draw_up(GenerationParameters(1), seed=1)
    return Slot(drawn.number, drawn.type, drawn.difficulty, drawn.bloom, page=page)


def test_the_nearest_free_text_is_offered() -> None:
    leftovers = Leftovers(PAGES)
    leftovers.lend(PAGES[4:6])

    assert leftovers.offer([slot(5)], []) == Offer((PAGES[3],))


def test_text_that_others_are_asked_about_near_by_is_waited_for() -> None:
    leftovers = Leftovers(PAGES)
    leftovers.lend(PAGES[1:9])

    assert leftovers.offer([slot(5)], []) == Offer(wait=True)

    leftovers.give_back(PAGES[6:7], exhausted=False)
    assert leftovers.offer([slot(5)], []) == Offer((PAGES[6],))


def test_text_that_gave_too_little_is_not_offered_again() -> None:
    leftovers = Leftovers(PAGES[4:7])
    leftovers.lend(PAGES[5:6])
    leftovers.give_back(PAGES[5:6], exhausted=True)

    assert leftovers.offer([slot(6)], []) == Offer((PAGES[4],))


def test_text_that_is_asked_about_wholly_is_worth_no_call() -> None:
    leftovers = Leftovers(PAGES[:2])

    assert leftovers.offer([slot(1)], [span_of(one) for one in PAGES[:2]]) == Offer()


def test_what_was_said_meanwhile_counts() -> None:
    leftovers = Leftovers(PAGES[:2])
    said = Span(1, 0, 2 * len(SENTENCE))

    assert leftovers.offer([slot(1)], [said]) == Offer(tuple(PAGES[:2]))


def test_neighbours_that_were_dealt_the_same_text_lend_it_together() -> None:
    whole = Passage(1, 0, len(TEXT), TEXT)
    part = Passage(1, 0, len(SENTENCE), SENTENCE)
    leftovers = Leftovers([whole, part])
    leftovers.lend([part])

    assert leftovers.offer([slot(1)], []) == Offer(wait=True)


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), max_size=40), st.integers(1, 11))
def test_nothing_is_offered_that_is_lent(steps: list[tuple[int, bool]], page: int) -> None:
    leftovers = Leftovers(PAGES)
    lent: set[Passage] = set()
    for index, exhausted in steps:
        passage = PAGES[index]
        if passage in lent:
            leftovers.give_back([passage], exhausted=exhausted)
            lent.remove(passage)
        else:
            leftovers.lend([passage])
            lent.add(passage)

    offer = leftovers.offer([slot(page)], [])

    assert not lent & set(offer.passages)
    assert not (offer.wait and not lent)
