"""Notices: a word by e-mail or webhook that something waits at the desk, never what, and a calendar of dates.

`choice` is what a person wants, `occasions` what there is to tell, `noticing` what is queued for whom,
`channels` the ways out, `delivering` sends what is queued. Nothing here is in the way of fetching.
"""
