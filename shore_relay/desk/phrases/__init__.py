"""The phrase book: sentences that a caseworker needs often, in the fishers' eight languages."""
