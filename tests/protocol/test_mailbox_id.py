from protocol.mailbox import ReceiptCode, mailbox_id


def test_the_desk_finds_from_the_key_inside_the_seal_the_mailbox_that_the_code_opens() -> None:
    mailbox = ReceiptCode.draw(bytes(range(32))).open_mailbox()

    assert mailbox_id(mailbox.public) == mailbox.id
    assert mailbox_id(ReceiptCode.draw(bytes(32)).open_mailbox().public) != mailbox.id
