"""A publication on its way: send, commit, read back, name. Broken off anywhere, it is begun again and goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from r1data.errors import PublishError
from r1data.publishing.difference import Difference, Step, difference, steps
from r1data.publishing.hub import UPLOADS, Hub, MovedError
from r1data.publishing.manifest import DATA, MANIFEST, File, Manifest
from r1data.publishing.pace import Pace
from r1data.publishing.readback import Verify, read_back
from r1data.publishing.request import Published, Request
from r1data.publishing.staged import Staged
from r1data.publishing.there import (
    There,
    begun_files,
    foreign,
    look_there,
    privacy,
    tag_taken,
    versions_of,
    wanted_files,
)
from r1data.publishing.trouble import refuse
from r1data.publishing.versions import next_version
from r1data.store.files import STAGING
from r1data.store.publications import Publication, read_publication, write_publication

MOVES = 5
"""So often somebody else's harmless commits may come between."""
REPAIRS = 2
"""So often a file that did not arrive whole is sent again."""


class Publishing:
    """One staged dataset and the repository that it goes to."""

    def __init__(self, root: Path, request: Request, staged: Staged, hub: Hub, say: Callable[[str], None]) -> None:
        self._root, self._request, self._staged, self._hub, self._say = root, request, staged, hub, say
        self._commits: list[str] = []
        self._sent: dict[str, File] = {}
        self._deleted: set[str] = set()

    def done(self) -> Published:
        """Everything, in order.

        Raises:
            PublishError: as `publish` does.
        """
        there = self._look()
        refuse(privacy(self._hub, there.repository, self._request))
        if there.manifest is not None and there.manifest.content == self._staged.manifest.content:
            change = difference(there.published, there.repository.files, there.published)
            if not change.foreign and not change.sent and not change.deleted:
                return self._there_already(there, there.manifest)
        refuse(tag_taken(self._hub, there.repository, self._request))
        commit = self._bring(there)
        return self._named(commit, self._staged.manifest)

    def _look(self) -> There:
        there = look_there(self._hub, self._root)
        if there is None:
            self._say(f"making {'public' if self._request.public else 'private'} repository {self._hub.url}")
            self._hub.create(private=not self._request.public)
            there = look_there(self._hub, self._root)
        if there is None:
            raise PublishError(f"{self._hub.url}: was made and cannot be seen", "check what HF_TOKEN may read")
        return there

    def _there_already(self, there: There, manifest: Manifest) -> Published:
        """It is all there; at most it lacks its tag, because an earlier publication was broken off before that."""
        repository, tag = there.repository, self._request.tag
        named = versions_of(self._hub, repository)
        if named and tag in (None, *named):
            self._say(f"{self._hub.url}: nothing new, {tag or named[0]} is what the workspace has")
            return self._told(repository.tags[tag or named[0]], tag or named[0], manifest, changed=False)
        refuse(tag_taken(self._hub, repository, self._request))
        if not named:
            self._check_whole(repository.head, there.published)
        return self._named(repository.head, manifest)

    def _bring(self, there: There) -> str:
        """Send what is lacking, commit it, read it back; returns the commit that has it all."""
        wanted = wanted_files(self._staged.manifest)
        for _ in range(MOVES):
            begun = self._remember_begun(wanted)
            change = difference(wanted, there.repository.files, there.published, begun)
            refuse(foreign(self._hub, there.repository, change, self._request))
            self._upload([file for file in change.sent if file.path.startswith(DATA)])
            try:
                commit = self._commit(change, there)
            except MovedError:
                self._say(f"{self._hub.url}: there is a commit that was not there before; looking again")
                there = self._look()
            else:
                unread = [file for file in change.replaced if file.path.startswith(DATA)]
                self._check_whole(commit, unread)
                self._check_whole(commit, wanted, "hashes")
                return commit
        raise PublishError(f"{self._hub.url}: others commit faster than this can", "run the same command again later")

    def _remember_begun(self, wanted: Sequence[File]) -> list[File]:
        """Write down what may be on the Hub from now on; returns that and what earlier ones may have left."""
        known = read_publication(self._root, self._request.repo)
        listed = [asdict(file) for file in wanted]
        begun = (*listed, *(file for file in known.begun if file not in listed))
        write_publication(self._root, Publication(known.repo, begun, known.content, known.commit, known.tag))
        return begun_files(self._root, self._request.repo)

    def _upload(self, files: Sequence[File]) -> None:
        pace = Pace(len(files), sum(file.size for file in files))
        for start in range(0, len(files), UPLOADS):
            group = files[start : start + UPLOADS]
            self._hub.upload(self._staged.folder, [file.path for file in group])
            self._say(f"sent {pace.passed(len(group), sum(file.size for file in group))}")

    def _commit(self, change: Difference, there: There) -> str:
        """Make the commits, and read new data back before the card tells of it."""
        trusted, head = {(file.path, file.sha256) for file in there.published}, there.repository.head
        unread = [file for file in change.same + change.added if file.path.startswith(DATA)]
        unread = [file for file in unread if (file.path, file.sha256) not in trusted]
        planned = steps(change)
        for number, step in enumerate(planned, start=1):
            if step.last:
                self._check_whole(head, unread)
            message = self._message(step, number, len(planned))
            head = self._hub.commit(self._contents(step), step.deleted, message, head)
            self._say(f"commit {number} of {len(planned)}: {head[:12]} {message}")
            self._commits.append(head)
            self._sent |= {file.path: file for file in step.files}
            self._deleted |= set(step.deleted)
        return head

    def _contents(self, step: Step) -> dict[str, Path | bytes]:
        folder, manifest = self._staged.folder, self._staged.manifest.text().encode()
        return {file.path: manifest if file.path == MANIFEST else folder / file.path for file in step.files}

    def _message(self, step: Step, number: int, count: int) -> str:
        if step.last and self._request.message:
            return self._request.message
        manifest = self._staged.manifest
        name = re.sub(r"\s+", " ", manifest.name)[:60]
        what = f"{sum(manifest.rows.values()):,} rows" if step.last else f"data, part {number} of {count - 1}"
        return f"{name}: {what} ({manifest.content[:12]})"

    def _check_whole(self, commit: str, files: Sequence[File], verify: Verify | None = None) -> None:
        """Read back; what is damaged is sent again, and read again.

        Raises:
            PublishError: it stays damaged.
        """
        scratch = self._root / "publish" / f"{STAGING}readback"
        verify = verify or self._request.verify
        damaged = read_back(self._hub, commit, files, verify, scratch, self._say) if files else []
        for _ in range(REPAIRS):
            broken = {one.path for one in damaged}
            again = [file.path for file in files if file.path in broken and file.path.startswith(DATA)]
            if not again:
                break
            self._say(f"sending again, as it did not arrive whole: {', '.join(again)}")
            self._hub.upload(self._staged.folder, again)
            damaged = read_back(self._hub, commit, files, verify, scratch, self._say)
        if damaged:
            told = "\n".join(f"  - {one}" for one in damaged)
            raise PublishError(
                f"{self._hub.url}: commit {commit[:12]} is not what was sent, and has got no tag:\n{told}",
                "run the same command again; if it stays so, delete these files on the Hub and run it once more",
            )

    def _named(self, commit: str, manifest: Manifest) -> Published:
        """Give the version its name, and forget what was begun."""
        tags, tag = self._look().repository.tags, None
        for _ in range(MOVES):
            tag = self._request.tag or next_version(tags)
            if tags.get(tag) == commit:
                break
            try:
                self._hub.tag(tag, commit)
                break
            except MovedError:
                # Somebody else's, or this very one whose answer was lost.
                tags = self._look().repository.tags
                mine = [name for name, target in tags.items() if target == commit and self._request.tag in (None, name)]
                if mine:
                    tag = mine[0]
                    break
                refuse(tag_taken(self._hub, self._look().repository, self._request))
        else:
            raise PublishError(f"{self._hub.url}: others tag faster than this can", "run the same command again later")
        self._say(f"{self._hub.url}: {tag} is commit {commit[:12]}")
        return self._told(commit, tag, manifest, changed=True)

    def _told(self, commit: str, tag: str, manifest: Manifest, *, changed: bool) -> Published:
        write_publication(self._root, Publication(self._request.repo, (), manifest.content, commit, tag))
        return Published(
            self._request.repo, self._hub.url, changed, commit, tag, not self._request.public, dict(manifest.rows),
            manifest.content, tuple(self._commits), tuple(self._sent.values()), tuple(sorted(self._deleted)),
            self._staged.notes,
        )  # fmt: skip
