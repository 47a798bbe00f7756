"""A short text of our own that the stand-in works on."""

from typing import Any

import pytest

PAGES = {
    1: """Rivers and Valleys 1
Chapter Outline
Rivers
A meander is a bend of a river that grows as water cuts into the outer bank. The current is
fastest along the outer bank, because the water there has the longest way. Sediment settles on
the inner bank and builds a gentle slope called a point bar.
Figure 1.2 A meander seen from the air (credit: M. Example).
In 1897 the engineer Anna Weber measured that the river carried 320 tonnes of sediment a day.
Oxbow lakes form when a flood cuts through the narrow neck of a meander. An oxbow lake slowly
fills with sediment and becomes a marsh.
What do you think happens next?
See https://example.org for more.""",
    2: """Glaciers
A glacier is a mass of ice that moves slowly under its own weight. Glaciers carve valleys with
steep walls and a flat floor, and these valleys are shaped like the letter U. The ice carries
rocks of every size, and the rubble that it leaves behind is called a moraine. About 10 percent
of the land on Earth is covered by ice today. Meltwater flows beneath the ice and carries fine
rock flour into the lakes, which gives the lakes a milky colour. Dr. Lee showed in 1964 that the
ice near the bed moves more slowly than the ice at the surface.""",
}


@pytest.fixture
def passages() -> list[dict[str, Any]]:
    return [{"page": page, "text": text} for page, text in PAGES.items()]
