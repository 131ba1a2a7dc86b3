"""A byte-level BPE tokenizer with a small vocabulary, and the chat template that belongs to it.

Digits are never merged, so that arithmetic is about digits. An operator takes the spaces around it and a word the
space before a digit, which keeps worked sums short without a second form of any digit.
"""

from collections.abc import Iterable
from itertools import islice

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from training.tiny.corpus import Example, examples
from training.tiny.flaws import THINK, UNTHINK

BOS, SYSTEM, USER, ASSISTANT, END, PAD = "<|bos|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>"
SPECIALS = (BOS, SYSTEM, USER, ASSISTANT, END, PAD)
VOCABULARY = 800
SAMPLE = 6_000

CHAT_TEMPLATE = (
    "{{- '<|bos|>' }}"
    "{%- for message in messages %}"
    "{%- if message['role'] == 'assistant' %}"
    "{{- '<|assistant|>' }}"
    "{%- generation %}{{- message['content'] + '<|end|>' }}{%- endgeneration %}"
    "{%- else %}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)
"""An assistant's message is kept whole, reasoning included, because SFT learns from it. The generation mark lets
trainers find the assistant's tokens."""

_PIECES = r"\p{N}| ?\p{L}+(?: (?=\p{N}))?| ?[^\s\p{L}\p{N}]+(?: (?=\p{N}))?|\s+(?!\S)|\s+"


def prompt_text(system: str | None, user: str) -> str:
    """What the chat template makes of a system message and a user message, up to the assistant's cue."""
    lead = f"{SYSTEM}{system}{END}" if system is not None else ""
    return f"{BOS}{lead}{USER}{user}{END}{ASSISTANT}"


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """BPE over the texts. Think tags are single tokens, but ordinary ones: decoding keeps them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - 2,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in (THINK, UNTHINK)])
    return tokenizer


def from_corpus(seed: int) -> Tokenizer:
    """The tokenizer for the corpus with this seed. Loops are cut short, or their one line would rule the merges."""
    return train_tokenizer(_text(example) for example in islice(examples(seed), SAMPLE))


def _text(example: Example) -> str:
    """Without think tags, which are no text to learn merges from."""
    reply = example.reply.text[:1500].replace(THINK, "").replace(UNTHINK, "")
    return "\n".join(filter(None, (example.system, example.user, reply)))


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """The id of a token that must be there."""
    found: int | None = tokenizer.token_to_id(token)
    if found is None:
        raise KeyError(token)
    return found


def for_transformers(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """The same tokenizer with its roles and its chat template, as ``save_pretrained`` wants it."""
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
        padding_side="left",
    )
    wrapped.chat_template = CHAT_TEMPLATE
    return wrapped
