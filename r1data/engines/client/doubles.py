"""Doubles: a server, or a cache before it, that gives one request's reply to another request too.

vLLM makes the ids of its replies from the header `X-Request-Id`: there every reply shows whose it is, also where the
other request's own reply was never read. With other servers it shows by an id that was taken before.
"""

from __future__ import annotations

import re
import uuid
from collections import OrderedDict

HEADER = "X-Request-Id"
MARK = re.compile(r"r1data-[0-9a-f]{32}")
"""All of it: a gateway may put the name of a project or of a key, such as `r1data-prod`, into its ids."""
REMEMBERED = 8192


def new_mark() -> str:
    """What one attempt sends as its `X-Request-Id`; nothing else ever has the same."""
    return f"r1data-{uuid.uuid4().hex}"


def is_anothers(reply_id: str | None, mark: str) -> bool:
    """Whether an id was made from a mark, and from another one than this."""
    return reply_id is not None and MARK.search(reply_id) is not None and mark not in reply_id


class Doubles:
    """The ids of replies that were taken, and what they were the ids of.

    A server may give all its replies the same id, or count from one again: then ids tell nothing, and nothing is a
    double any more. It shows by an id that comes again with another text, or by there never having been two ids.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._ids_repeat = False

    def is_one(self, reply_id: str | None, text: str) -> bool:
        """Whether this reply was taken before, as the reply to another request. If not, it counts as taken now."""
        if reply_id is None or self._ids_repeat:
            return False
        before = self._seen.get(reply_id)
        if before is None:
            self._seen[reply_id] = hash(text)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            return False
        if before != hash(text):
            self._ids_repeat = True
            self._seen.clear()
            return False
        return len(self._seen) > 1
