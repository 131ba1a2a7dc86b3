"""Texts: columns of text as bytes and words, for the kernels of measures, duplicates and contamination."""

from r1data.texts.column import Bytes, Places, Texts
from r1data.texts.kernels import kernel
from r1data.texts.words import CHARACTER, LETTERS, NUMBER, Cutter, Words, words_of

__all__ = ["CHARACTER", "LETTERS", "NUMBER", "Bytes", "Cutter", "Places", "Texts", "Words", "kernel", "words_of"]
