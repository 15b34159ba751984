"""Cases: what becomes of the messages of one conversation, and a history of it that nobody can rewrite.

`model` is what a case is, `deeds` what can happen to it, `applying` what each deed changes, `chain` what
holds the deeds together, `book` the one way to write them. Everything else reads, or writes through the book.
"""
