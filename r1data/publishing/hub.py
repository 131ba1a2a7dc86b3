"""The Hub: one dataset repository on it. Every call is tried again with patience, and every error is one of ours."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, set_client_factory
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import DatasetInfo, GitRefs, RepoFile
from huggingface_hub.utils._http import default_client_factory
from huggingface_hub.utils._validators import validate_repo_id
from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

from r1data import __version__
from r1data.errors import PublishError
from r1data.publishing.difference import Entry
from r1data.publishing.patience import Patience, causes, passes, reason, status
from r1data.visible import visible

KIND = "dataset"
MAIN = "main"
SILENCE_SECONDS = 300.0
"""The Hub's own client waits for ever. A large commit may take minutes to be answered."""
UPLOADS = 4
Result = TypeVar("Result")


class MovedError(Exception):
    """Somebody else's commit came between."""


class DamagedError(Exception):
    """A file cannot be read back."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one moment: its newest commit, whether it is private, its tags and the commits they stand for."""

    head: str
    private: bool
    tags: Mapping[str, str]
    files: Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Hub:
    """One dataset repository, `OWNER/NAME`."""

    repo: str
    token: str | None = field(repr=False)
    endpoint: str | None
    patience: Patience
    say: Callable[[str], None]

    @property
    def url(self) -> str:
        """Where people look at it."""
        return f"{(self.endpoint or constants.ENDPOINT).rstrip('/')}/datasets/{self.repo}"

    def look(self) -> Repository | None:
        """The repository as it is now; None where there is none, or none that this token may see."""

        def ask() -> tuple[DatasetInfo, GitRefs] | None:
            try:
                info = self._api.dataset_info(self.repo, revision=MAIN)
                return info, self._api.list_repo_refs(self.repo, repo_type=KIND)
            except RepositoryNotFoundError:
                return None

        found = self._try("looking", ask)
        if found is None:
            return None
        info, refs = found
        tags = {ref.name: ref.target_commit for ref in refs.tags}
        head = str(info.sha)
        return Repository(head, bool(info.private), tags, self.tree(head))

    def tree(self, commit: str) -> dict[str, Entry]:
        """All files of a commit."""

        def listed() -> dict[str, Entry]:
            found = self._api.list_repo_tree(self.repo, repo_type=KIND, revision=commit, recursive=True)
            return {
                item.path: Entry(item.size, item.blob_id, item.lfs.sha256 if item.lfs else None)
                for item in found
                if isinstance(item, RepoFile)
            }

        return self._try("listing files", listed)

    def create(self, *, private: bool) -> None:
        """Make the repository, if it is not there."""
        self._try(
            "making the repository",
            lambda: self._api.create_repo(self.repo, repo_type=KIND, private=private, exist_ok=True),
        )

    def upload(self, folder: Path, paths: Sequence[str]) -> None:
        """Send what is stored as large files; what the Hub already has by its hash is not sent again."""

        def send() -> None:
            additions = [CommitOperationAdd(path, folder / path) for path in paths]
            self._api.preupload_lfs_files(self.repo, additions, repo_type=KIND, revision=MAIN, num_threads=UPLOADS)

        # Storage answers bodies that arrived cut short with 400 or 422; they are whole the next time.
        self._try("sending", send, lambda error: passes(error) or status(error) in (400, 409, 422))

    def commit(self, contents: Mapping[str, Path | bytes], deleted: Sequence[str], message: str, parent: str) -> str:
        """Commit on top of `parent` and nothing else; returns the new commit.

        Raises:
            MovedError: `parent` is no longer the newest commit. It may be this very commit that came between, when
                its answer was lost and it was sent a second time.
        """

        def send() -> str:
            operations: list[CommitOperationAdd | CommitOperationDelete] = [
                *(CommitOperationAdd(path, content) for path, content in contents.items()),
                *(CommitOperationDelete(path) for path in deleted),
            ]
            made = self._api.create_commit(
                self.repo, operations, repo_type=KIND, revision=MAIN, commit_message=message, parent_commit=parent,
                num_threads=UPLOADS,
            )  # fmt: skip
            return str(made.oid)

        with _moved():
            return self._try("committing", send)

    def tag(self, name: str, commit: str) -> None:
        """Name a commit.

        Raises:
            MovedError: there is such a tag already; it may be this very one, as above.
        """
        with _moved():
            self._try("tagging", lambda: self._api.create_tag(self.repo, tag=name, revision=commit, repo_type=KIND))

    def fetch(self, path: str, commit: str, folder: Path) -> Path:
        """Read a file back into a folder.

        Raises:
            DamagedError: it is not there, or breaks off.
        """

        def read() -> str:
            try:
                return self._api.hf_hub_download(
                    self.repo, path, repo_type=KIND, revision=commit, local_dir=folder, force_download=True
                )
            except (EntryNotFoundError, OSError) as error:
                if passes(error) or status(error) not in (None, 404):
                    raise
                raise DamagedError(" ".join(str(error).split())[:200]) from error

        return Path(self._try(f"reading {path}", read))

    def commits(self) -> list[str]:
        """What has been committed, the newest first: short id, title and authors."""
        found = self._try("listing commits", lambda: self._api.list_repo_commits(self.repo, repo_type=KIND))
        return [f"{one.commit_id[:12]} {visible(one.title, 80)!r} by {', '.join(one.authors)}" for one in found]

    @property
    def _api(self) -> HfApi:
        return HfApi(self.endpoint, token=self.token or False, library_name="r1data", library_version=__version__)

    def _try(self, what: str, action: Callable[[], Result], again: Callable[[Exception], bool] = passes) -> Result:
        """Do it with patience; whatever the Hub's client raises in the end becomes an error of ours.

        Raises:
            PublishError: the Hub cannot be reached, refuses, or stays busy.
        """
        try:
            return self.patience(f"{self.repo}: {what}", action, self.say, again)
        except (HfHubHTTPError, httpx2.HTTPError, RuntimeError, ValueError, OSError) as error:
            raise _ours(self, error) from error


@contextmanager
def _moved() -> Iterator[None]:
    try:
        yield
    except PublishError as error:
        if error.__cause__ is not None and status(error) in (409, 412):
            raise MovedError from error
        raise


@contextmanager
def quiet() -> Iterator[None]:
    """The Hub's client is quiet in this block, and does not wait for ever."""
    # What they tell holds addresses that are as good as keys for an hour.
    logs = [logging.getLogger(name) for name in ("huggingface_hub", "httpx2", "httpcore2")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.ERROR)
    disable_progress_bars()
    set_client_factory(_client)
    try:
        yield
    finally:
        set_client_factory(default_client_factory)
        enable_progress_bars()
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


def _client() -> httpx2.Client:
    client = default_client_factory()
    hooks = client.event_hooks
    client.event_hooks = {**hooks, "request": [*hooks["request"], _impatient]}
    return client


def _impatient(request: httpx2.Request) -> None:
    """The Hub's client asks for no time limit, call by call; this comes after it."""
    request.extensions["timeout"] = httpx2.Timeout(SILENCE_SECONDS, connect=30.0).as_dict()


def check_repo(repo: str) -> None:
    """Whether a name may be a repository's, owner included.

    Raises:
        PublishError: it may not.
    """
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise PublishError(f"--repo {repo!r}: is no name that the Hub allows", "name it OWNER/NAME") from error
    if repo.count("/") != 1:
        raise PublishError(f"--repo {repo}: lacks the owner", f"name it OWNER/{repo}: a user or an organization")


def _ours(hub: Hub, error: Exception) -> PublishError:
    if any(isinstance(cause, OfflineModeIsEnabled) for cause in causes(error)):
        return PublishError(f"{hub.url}: HF_HUB_OFFLINE forbids to ask the Hub", "unset HF_HUB_OFFLINE")
    go_on = "run the same command again: what has arrived is not sent again"
    match status(error):
        case 401:
            return PublishError(f"{hub.url}: the Hub does not know the token", "set HF_TOKEN to a valid one")
        case 403 | 402:
            wanted = f"set HF_TOKEN to one that may write to {hub.repo.split('/')[0]}"
            return PublishError(f"{hub.url}: the token may not do this", wanted)
        case 404:
            wanted = "check the name, and that HF_TOKEN may see and write to it"
            return PublishError(f"{hub.url}: there is no such repository, or not for this token", wanted)
        case 429:
            return PublishError(f"{hub.url}: the Hub allows no more requests for now (429)", f"wait, then {go_on}")
        case int() as code if code >= 500:
            return PublishError(f"{hub.url}: the Hub is out of order ({code})", f"wait, then {go_on}")
        case int() as code:
            return PublishError(f"{hub.url}: the Hub refuses ({code}): {_told(hub, error)}", go_on)
    if passes(error):
        return PublishError(f"{hub.url}: cannot be reached: {reason(error)}", f"check the network, then {go_on}")
    return PublishError(f"{hub.url}: {type(error).__name__}: {_told(hub, error)}", go_on)


def _told(hub: Hub, error: Exception) -> str:
    """The first lines of an error's words, without the token and without what follows an address's question mark."""
    words = " ".join(str(error).split())[:300]
    words = words.replace(hub.token, "***") if hub.token else words
    return re.sub(r"(https?://[^\s?'\"]+)\?\S*", r"\1", words)
