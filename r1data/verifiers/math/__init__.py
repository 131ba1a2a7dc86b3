"""Mathematics, from the text up to the verdict.

`spelling` brings a text to one spelling, `tokens` cuts it, `terms` and `reading` make a form of it (`expression` lists
the forms). `comparison` compares two forms with what `quantities`, `relations`, `reals`, `phrases` and `evaluation`
know and `question` hints at. `judging` has the verdict, and asks `symbolic` (math-verify) where the rest is not
certain.
"""
