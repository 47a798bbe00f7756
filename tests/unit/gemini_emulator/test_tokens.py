"""Token counts and cuts agree with each other."""

from hypothesis import given
from hypothesis import strategies as st

from scripts.gemini_emulator.generation import Generation
from scripts.gemini_emulator.tokens import count_tokens, cut_to_tokens, token_groups


def test_about_four_latin_characters_or_one_ideograph_are_a_token() -> None:
    assert count_tokens("a" * 400) == 100
    assert count_tokens("植" * 40) == 40
    assert count_tokens("") == 0


@given(st.text(max_size=400), st.integers(1, 60))
def test_groups_joined_are_the_text_again(text: str, tokens: int) -> None:
    assert "".join(token_groups(text, tokens)) == text


@given(st.text(max_size=400), st.integers(1, 60))
def test_a_cut_text_is_a_beginning_within_the_limit(text: str, limit: int) -> None:
    cut = cut_to_tokens(text, limit)
    assert text.startswith(cut)
    assert count_tokens(cut) <= limit


@given(st.text(max_size=400))
def test_stream_pieces_joined_are_the_whole_reply(text: str) -> None:
    generation = Generation(text, "STOP", 5, "gemini-2.5-flash", "id")
    bodies = [body for body, _ in generation.pieces()]
    spoken = "".join(
        part["text"]
        for body in bodies
        for part in body["candidates"][0]["content"].get("parts", [])
    )
    reasons = [body["candidates"][0].get("finishReason") for body in bodies]
    assert spoken == text
    assert reasons == [None] * (len(bodies) - 1) + ["STOP"]
    assert bodies[-1]["usageMetadata"] == generation.whole()["usageMetadata"]
