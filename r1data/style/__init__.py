"""Style: the paper's principles of a good thought and a good summary (R1 paper, B.3.2, B.3.3 and Listing 1), as far as
they can be checked. Pure functions over texts, in English and Chinese; of other languages only what needs no words.
"""

from r1data.style.checks import Asked, boxed, columns, flaws, summary_flaws, thought_flaws, widest_line
from r1data.style.numbers import new_numbers, numbers_of

__all__ = [
    "Asked",
    "boxed",
    "columns",
    "flaws",
    "new_numbers",
    "numbers_of",
    "summary_flaws",
    "thought_flaws",
    "widest_line",
]
