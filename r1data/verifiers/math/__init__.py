"""Mathematics: `spelling` and `reading` turn texts into forms, `comparison` compares, `judging` has the verdict."""
