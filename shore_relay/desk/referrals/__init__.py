"""What leaves the desk for partner organisations, on the fisher's consent and sealed, and what comes back.

`partners` says who they are, `given` what one of them reads, `choosing` makes that from a case, `post` seals
and opens letters, `sending` and `receiving` are the two ends; `money_table` and `releasing` are what a
financial-crime desk and a buyer get.
"""
