"""Old Burmese encodings: recognised, converted, and nothing else taken for them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shore_relay.desk.evidence.zawgyi import is_zawgyi, to_unicode

PAIRS = {
    # Sentences of the test data of Google's myanmar-tools (Apache-2.0).
    "ေနျပည္ေတာ္ ဇူလုိင္ ၂၆": "နေပြည်တော် ဇူလိုင် ၂၆",
    "ႏိုင္ငံေတာ္၏အတုိင္ပင္ခံပုဂၢိဳလ္ ေဒၚေအာင္ဆန္းစုၾကည္သည္": "နိုင်ငံတော်၏အတိုင်ပင်ခံပုဂ္ဂိုလ် ဒေါ်အောင်ဆန်းစုကြည်သည်",
    "ကရင္ျပည္နယ္ ဘားအံၿမိဳ႕ရွိ": "ကရင်ပြည်နယ် ဘားအံမြို့ရှိ",
}


@pytest.mark.parametrize("zawgyi", PAIRS)
def test_zawgyi_is_recognised_and_converted(zawgyi: str) -> None:
    assert is_zawgyi(zawgyi)
    assert to_unicode(zawgyi) == PAIRS[zawgyi]
    assert not is_zawgyi(PAIRS[zawgyi])


@pytest.mark.parametrize("text", ["", "hello", "ภาษาไทย", "ကျွန်တော် နေမကောင်းဘူး", "123"])
def test_other_texts_are_not_taken_for_zawgyi(text: str) -> None:
    assert not is_zawgyi(text)


@given(st.text(st.characters(min_codepoint=0x1000, max_codepoint=0x109F), max_size=60))
@settings(max_examples=60, deadline=None)
def test_conversion_ends_for_any_burmese_letters(text: str) -> None:
    to_unicode(text)
