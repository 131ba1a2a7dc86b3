"""Publish: check, send, read back, and only then name the version.

A publication can be broken off anywhere and begun again: what it has to do follows from what the Hub has.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from r1data.errors import PublishError
from r1data.publishing.difference import Difference, Step, difference, steps
from r1data.publishing.hub import UPLOADS, DamagedError, Hub, MovedError, Repository, check_repo, quiet
from r1data.publishing.leaks import environment_secrets
from r1data.publishing.manifest import CARD, DATA, MANIFEST, File, Manifest
from r1data.publishing.pace import Pace
from r1data.publishing.patience import Patience
from r1data.publishing.readback import Verify, read_back
from r1data.publishing.staged import Staged, read_staged
from r1data.publishing.trouble import Trouble, refuse
from r1data.publishing.versions import check_tag, next_version, newest_first
from r1data.store import Workspace
from r1data.store.files import STAGING
from r1data.store.publications import Publication, read_publication, write_publication

MOVES = 5
"""So often somebody else's harmless commits may come between."""
REPAIRS = 2
"""So often a file that did not arrive whole is sent again."""
TAGS_READ = 5
SHORTEST_COMMIT = 7


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be published where. `tag` is the version's name, by default the next of v1, v2, ...; `over` the
    commit whose foreign changes may be lost; `not_secret` the marks of texts that look like keys and are none.
    """

    repo: str
    public: bool = False
    tag: str | None = None
    message: str | None = None
    over: str | None = None
    verify: Verify = "full"
    not_secret: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Published:
    """What is on the Hub now, read back and found whole. `changed` is false where it was there already and nothing was
    done; `commits` are those that were made, `sent` the files in them.
    """

    repo: str
    url: str
    changed: bool
    commit: str
    tag: str
    private: bool
    rows: Mapping[str, int]
    content: str
    commits: tuple[str, ...] = ()
    sent: tuple[File, ...] = ()
    deleted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What publishing would do. Where the Hub could not be asked, `unreachable` says why and `change` is against an
    empty repository; `tag` is the version that it would become, `troubles` what keeps it from being published.
    """

    repo: str
    manifest: Manifest
    troubles: tuple[Trouble, ...]
    notes: tuple[str, ...]
    change: Difference
    steps: tuple[Step, ...]
    exists: bool
    tag: str | None
    unreachable: str | None = None
    files: tuple[File, ...] = field(default=())


def publish(
    workspace: Workspace,
    request: Request,
    say: Callable[[str], None] = lambda line: None,
    *,
    environment: Mapping[str, str] = os.environ,
    patience: Patience | None = None,
) -> Published:
    """Publish a workspace's dataset, or say that it is published already. HF_TOKEN of `environment` is the token,
    HF_ENDPOINT the Hub.

    Raises:
        PublishError: it is not fit to be published, the Hub does not take it, has something else in its place, or
            gives back something else. What has arrived by then is not sent again the next time.
        WorkspaceError: there is no dataset, or a run is writing to the workspace.
    """
    check_repo(request.repo)
    check_tag(request.tag)
    token = environment.get("HF_TOKEN", "").strip()
    if not token:
        raise PublishError("HF_TOKEN is not set, and publishing needs a token that may write", "export HF_TOKEN=hf_...")
    hub = Hub(request.repo, token, environment.get("HF_ENDPOINT"), patience or Patience(), say)
    with workspace.locked(), quiet():
        staged = read_staged(
            workspace, environment_secrets(environment), request.not_secret, public=request.public, say=say
        )
        refuse(staged.troubles)
        return _Publication(workspace, request, staged, hub, say).done()


def outlook(
    workspace: Workspace,
    request: Request,
    say: Callable[[str], None] = lambda line: None,
    *,
    environment: Mapping[str, str] = os.environ,
    patience: Patience | None = None,
) -> Outlook:
    """What `publish` would do; nothing is sent, and the Hub need not be there."""
    check_repo(request.repo)
    check_tag(request.tag)
    token = environment.get("HF_TOKEN", "").strip() or None
    hub = Hub(request.repo, token, environment.get("HF_ENDPOINT"), patience or Patience(tries=2, first=1.0), say)
    staged = read_staged(
        workspace, environment_secrets(environment), request.not_secret, public=request.public, say=say
    )
    unreachable, repository, published = None, None, None
    with quiet():
        try:
            repository = hub.look()
            published = _published(hub, repository, workspace.root) if repository else None
        except PublishError as error:
            unreachable = str(error)
    there = repository.files if repository else {}
    begun = [File(**file) for file in read_publication(workspace.root, request.repo).begun]
    wanted = _wanted(staged.manifest)
    same = published is not None and published.content == staged.manifest.content
    change = difference(
        _wanted(published) if published and same else wanted, there, published.listed() if published else (), begun
    )
    troubles = list(staged.troubles)
    if repository:
        troubles += _privacy(repository, request, hub) + _foreign(change, repository, request, hub)
    next_tag = request.tag or next_version(repository.tags if repository else ())
    return Outlook(
        request.repo, staged.manifest, tuple(troubles), staged.notes, change, tuple(steps(change)),
        repository is not None, next_tag if steps(change) or not repository else None, unreachable, tuple(wanted),
    )  # fmt: skip


class _Publication:
    """One publication on its way."""

    def __init__(
        self, workspace: Workspace, request: Request, staged: Staged, hub: Hub, say: Callable[[str], None]
    ) -> None:
        self.root, self.request, self.staged, self.hub, self.say = workspace.root, request, staged, hub, say
        self.commits: list[str] = []
        self.sent: dict[str, File] = {}
        self.deleted: set[str] = set()

    def done(self) -> Published:
        """Everything, in order."""
        repository = self._repository()
        refuse(_privacy(repository, self.request, self.hub))
        published = _published(self.hub, repository, self.root)
        if published is not None and published.content == self.staged.manifest.content:
            change = difference(_wanted(published), repository.files, published.listed())
            if not change.foreign and not change.sent and not change.deleted:
                return self._there_already(repository, published)
        self._check_tag_is_free(repository)
        commit = self._bring(repository, published)
        return self._named(commit, self.staged.manifest, self._fresh_tags())

    def _repository(self) -> Repository:
        repository = self.hub.look()
        if repository is None:
            self.say(f"making {'public' if self.request.public else 'private'} repository {self.hub.url}")
            self.hub.create(private=not self.request.public)
            repository = self.hub.look()
        if repository is None:
            raise PublishError(f"{self.hub.url}: was made and cannot be seen", "check what HF_TOKEN may read")
        return repository

    def _check_tag_is_free(self, repository: Repository) -> None:
        tag = self.request.tag
        if tag is not None and tag in repository.tags:
            raise PublishError(
                f"{self.hub.url}: tag {tag} exists already and stands for commit {repository.tags[tag][:12]}",
                "versions are not moved: name another with --tag, or leave it to r1data",
            )

    def _there_already(self, repository: Repository, published: Manifest) -> Published:
        """It is all there; at most it lacks its tag, because an earlier publication was broken off before that."""
        manifest_there = repository.files[MANIFEST]
        named = [name for name in newest_first(repository.tags) if repository.tags[name] == repository.head]
        for name in newest_first(repository.tags)[:TAGS_READ] if not named else ():
            if self.hub.tree(repository.tags[name]).get(MANIFEST) == manifest_there:
                named.append(name)
        if named and self.request.tag in (None, *named):
            self.say(f"{self.hub.url}: nothing new, {named[0]} is what the workspace has")
            return self._told(repository.tags[named[0]], self.request.tag or named[0], published, changed=False)
        self._check_tag_is_free(repository)
        if not named:
            self._check_whole(repository.head, _wanted(published))
        return self._named(repository.head, published, repository.tags)

    def _bring(self, repository: Repository, published: Manifest | None) -> str:
        """Send what is lacking, commit it, read it back; returns the commit that has it all."""
        wanted = _wanted(self.staged.manifest)
        for _ in range(MOVES):
            begun = self._remember_begun()
            change = difference(wanted, repository.files, published.listed() if published else (), begun)
            refuse(_foreign(change, repository, self.request, self.hub))
            self._upload([file for file in change.sent if file.path.startswith(DATA)])
            try:
                commit = self._commit(change, repository.head, published)
            except MovedError:
                self.say(f"{self.hub.url}: somebody committed meanwhile, looking again")
                repository = self._repository()
                published = _published(self.hub, repository, self.root)
            else:
                self._check_whole(commit, wanted, only_small=True)
                return commit
        raise PublishError(f"{self.hub.url}: others commit faster than this can", "run the same command again later")

    def _remember_begun(self) -> list[File]:
        """Write down what may be on the Hub from now on; returns that and what earlier ones may have left."""
        known = read_publication(self.root, self.request.repo)
        listed = [asdict(file) for file in _wanted(self.staged.manifest)]
        begun = tuple([*listed, *(file for file in known.begun if file not in listed)])
        write_publication(self.root, Publication(known.repo, begun, known.content, known.commit, known.tag))
        return [File(**file) for file in begun]

    def _upload(self, files: Sequence[File]) -> None:
        pace = Pace(len(files), sum(file.size for file in files))
        for start in range(0, len(files), UPLOADS):
            group = files[start : start + UPLOADS]
            self.hub.upload(self.staged.folder, [file.path for file in group])
            self.say(f"sent {pace.passed(len(group), sum(file.size for file in group))}")

    def _commit(self, change: Difference, head: str, published: Manifest | None) -> str:
        """Make the commits, and read the data back before the card tells of it."""
        trusted = {(file.path, file.sha256) for file in published.listed()} if published else set()
        unread = [file for file in change.same + change.added if file.path.startswith(DATA)]
        unread = [file for file in unread if (file.path, file.sha256) not in trusted]
        planned = steps(change)
        for number, step in enumerate(planned, start=1):
            if step.last:
                self._check_whole(head, unread)
            message = self._message(step, number, len(planned))
            head = self.hub.commit(self._contents(step), step.deleted, message, head)
            self.say(f"commit {number} of {len(planned)}: {head[:12]} {message}")
            self.commits.append(head)
            self.sent |= {file.path: file for file in step.files}
            self.deleted |= set(step.deleted)
        return head

    def _contents(self, step: Step) -> dict[str, Path | bytes]:
        folder, manifest = self.staged.folder, self.staged.manifest.text().encode()
        return {file.path: manifest if file.path == MANIFEST else folder / file.path for file in step.files}

    def _message(self, step: Step, number: int, count: int) -> str:
        if step.last and self.request.message:
            return self.request.message
        manifest = self.staged.manifest
        name = re.sub(r"\s+", " ", manifest.name)[:60]
        what = f"{sum(manifest.rows.values()):,} rows" if step.last else f"data, part {number} of {count - 1}"
        return f"{name}: {what} ({manifest.content[:12]})"

    def _check_whole(self, commit: str, files: Sequence[File], *, only_small: bool = False) -> None:
        """Read back; what is damaged is sent again, and read again.

        Raises:
            PublishError: it stays damaged.
        """
        scratch = self.root / "publish" / f"{STAGING}readback"
        verify: Verify = "hashes" if only_small else self.request.verify
        damaged = read_back(self.hub, commit, files, verify, scratch, self.say)
        for _ in range(REPAIRS):
            again = [file for file in files if file.path in {one.path for one in damaged}]
            again = [file for file in again if file.path.startswith(DATA)]
            if not again:
                break
            self.say(f"sending again, as it did not arrive whole: {', '.join(file.path for file in again)}")
            self.hub.upload(self.staged.folder, [file.path for file in again])
            damaged = read_back(self.hub, commit, files, verify, scratch, self.say)
        if damaged:
            told = "\n".join(f"  - {one}" for one in damaged)
            raise PublishError(
                f"{self.hub.url}: commit {commit[:12]} is not what was sent, and has got no tag:\n{told}",
                "run the same command again; if it stays so, delete these files on the Hub and run it once more",
            )

    def _named(self, commit: str, manifest: Manifest, tags: Mapping[str, str]) -> Published:
        """Give the version its name, and forget what was begun."""
        while True:
            tag = self.request.tag or next_version(tags)
            try:
                self.hub.tag(tag, commit)
                break
            except MovedError:
                tags = self._fresh_tags()
                if tags.get(tag) == commit:
                    break
                if self.request.tag is not None:
                    raise PublishError(
                        f"{self.hub.url}: somebody made tag {tag} meanwhile", "name another with --tag"
                    ) from None
        self.say(f"{self.hub.url}: {tag} is commit {commit[:12]}")
        return self._told(commit, tag, manifest, changed=True)

    def _fresh_tags(self) -> Mapping[str, str]:
        repository = self.hub.look()
        return repository.tags if repository else {}

    def _told(self, commit: str, tag: str, manifest: Manifest, *, changed: bool) -> Published:
        write_publication(self.root, Publication(self.request.repo, (), manifest.content, commit, tag))
        return Published(
            self.request.repo, self.hub.url, changed, commit, tag, not self.request.public, manifest.rows,
            manifest.content, tuple(self.commits), tuple(self.sent.values()), tuple(sorted(self.deleted)),
            self.staged.notes,
        )  # fmt: skip


def _wanted(manifest: Manifest) -> list[File]:
    """The manifest's files and the manifest itself."""
    content = manifest.text().encode()
    git = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
    return [*manifest.listed(), File(MANIFEST, len(content), hashlib.sha256(content).hexdigest(), git)]


def _published(hub: Hub, repository: Repository, root: Path) -> Manifest | None:
    """The manifest that the Hub has, if it is one."""
    if MANIFEST not in repository.files:
        return None
    scratch = root / "publish" / f"{STAGING}manifest"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        path = hub.fetch(MANIFEST, repository.head, scratch)
        return Manifest.read(path.read_bytes())
    except DamagedError:
        return None
    finally:
        _remove(scratch)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _privacy(repository: Repository, request: Request, hub: Hub) -> list[Trouble]:
    if repository.private != request.public:
        return []
    if request.public:
        remedy = "leave --public out, or make it public in its settings on the Hub first"
        return [Trouble(hub.url, "is private, and --public does not change that", remedy)]
    return [Trouble(hub.url, "is public", "say --public if everybody may read this, or name another repository")]


def _foreign(change: Difference, repository: Repository, request: Request, hub: Hub) -> list[Trouble]:
    """What somebody else has done in our places, unless the request says that it may be lost."""
    over = request.over or ""
    if not change.foreign or (len(over) >= SHORTEST_COMMIT and repository.head.startswith(over)):
        return []
    recent = hub.commits_since(None)[:3]
    remedy = (
        f"look at what was done (newest commits: {'; '.join(recent)}); to lose it, publish with "
        f"`--over {repository.head[:12]}`"
    )
    return [Trouble(f"{hub.url}/{foreign.path}", foreign.what, remedy) for foreign in change.foreign]
