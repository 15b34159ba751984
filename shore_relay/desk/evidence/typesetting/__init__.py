"""Sets eight languages on paper: which font, how it is shaped, where a line may end."""
