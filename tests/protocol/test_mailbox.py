"""Receipt codes that forgive nothing wrong and show nothing in a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LocalError
from protocol.mailbox import SECRET_LIMIT, ReceiptCode, WrongCode

CODES = st.integers(0, SECRET_LIMIT - 1).map(lambda secret: ReceiptCode.draw(secret.to_bytes(32)))


@given(CODES)
def test_digits_and_pictures_are_the_same_code(code: ReceiptCode) -> None:
    assert ReceiptCode.from_digits(code.digits()) == code
    assert ReceiptCode.from_digits(code.digits().replace(" ", "-")) == code
    assert ReceiptCode.from_pictures(code.pictures()) == code
    assert code.digits() not in repr(code)


@given(CODES, st.integers(0, 15), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(code: ReceiptCode, at: int, more: int) -> None:
    digits = code.digits().replace(" ", "")
    wrong = digits[:at] + str((int(digits[at]) + more) % 10) + digits[at + 1 :]
    with pytest.raises(WrongCode):
        ReceiptCode.from_digits(wrong)


@given(CODES, st.integers(0, 14))
def test_every_exchange_of_neighbours_is_found(code: ReceiptCode, at: int) -> None:
    digits = code.digits().replace(" ", "")
    swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    if swapped != digits:
        with pytest.raises(WrongCode):
            ReceiptCode.from_digits(swapped)


def test_nearly_every_wrong_picture_is_found() -> None:
    pictures = ReceiptCode.draw(bytes(range(32))).pictures()
    found = 0
    for at in range(10):
        for other in range(64):
            wrong = (*pictures[:at], other, *pictures[at + 1 :])
            try:
                ReceiptCode.from_pictures(wrong)
            except WrongCode:
                found += 1
    # Ten check bits let about one in a thousand pass.
    assert found >= 10 * 63 - 5


@given(st.text(max_size=20))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    try:
        ReceiptCode.from_digits(text)
    except WrongCode:
        return


def test_digits_of_other_scripts_and_too_little_entropy_are_refused() -> None:
    with pytest.raises(WrongCode):
        ReceiptCode.from_digits("๐" * 16)
    with pytest.raises(LocalError):
        ReceiptCode.draw(bytes(31))
