"""Publish: check, send, read back, and only then name the version."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from r1data.errors import PublishError
from r1data.publishing.difference import difference, steps
from r1data.publishing.hub import Hub, check_repo, quiet
from r1data.publishing.leaks import environment_secrets
from r1data.publishing.patience import Patience
from r1data.publishing.publication import Publishing
from r1data.publishing.request import Outlook, Published, Request
from r1data.publishing.staged import Staged, read_staged
from r1data.publishing.there import There, begun_files, foreign, look_there, privacy, tag_taken, wanted_files
from r1data.publishing.trouble import refuse
from r1data.publishing.versions import check_tag, next_version
from r1data.store import Workspace

Say = Callable[[str], None]
BRIEF = Patience(tries=2, first=1.0)
"""To look is not worth a long wait."""


def publish(
    workspace: Workspace,
    request: Request,
    say: Say = lambda line: None,
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
    hub = _hub(request, environment, patience or Patience(), say)
    if hub.token is None:
        raise PublishError("HF_TOKEN is not set, and publishing needs a token that may write", "export HF_TOKEN=hf_...")
    with workspace.locked(), quiet():
        staged = _staged(workspace, request, environment, say)
        refuse(staged.troubles, "not published, nothing was sent")
        return Publishing(workspace.root, request, staged, hub, say).done()


def outlook(
    workspace: Workspace,
    request: Request,
    say: Say = lambda line: None,
    *,
    environment: Mapping[str, str] = os.environ,
    patience: Patience | None = None,
) -> Outlook:
    """What `publish` would do; nothing is sent, and the Hub need not be there.

    Raises:
        WorkspaceError: there is no dataset.
    """
    hub = _hub(request, environment, patience or BRIEF, say)
    staged, unreachable, there = _staged(workspace, request, environment, say), None, None
    with quiet():
        try:
            there = look_there(hub, workspace.root)
        except PublishError as error:
            unreachable = str(error)
        return _against(workspace, request, staged, hub, there, unreachable)


def _against(
    workspace: Workspace, request: Request, staged: Staged, hub: Hub, there: There | None, unreachable: str | None
) -> Outlook:
    wanted, troubles = wanted_files(staged.manifest), list(staged.troubles)
    if there is None:
        change = difference(wanted, {}, ())
        tag = request.tag or (None if unreachable else next_version(()))
        return Outlook(
            request.repo, staged.manifest, tuple(troubles), staged.notes, change, tuple(steps(change)), False, tag,
            unreachable,
        )  # fmt: skip
    same = there.manifest is not None and there.manifest.content == staged.manifest.content
    change = difference(
        there.published if same else wanted,
        there.repository.files,
        there.published,
        begun_files(workspace.root, request.repo),
    )
    planned, repository = steps(change), there.repository
    troubles += privacy(hub, repository, request) + foreign(hub, repository, change, request)
    troubles += tag_taken(hub, repository, request) if planned else []
    tag = request.tag or next_version(repository.tags) if planned else None
    return Outlook(
        request.repo, staged.manifest, tuple(troubles), staged.notes, change, tuple(planned), True, tag, None
    )


def _hub(request: Request, environment: Mapping[str, str], patience: Patience, say: Say) -> Hub:
    check_repo(request.repo)
    check_tag(request.tag)
    token = environment.get("HF_TOKEN", "").strip() or None
    return Hub(request.repo, token, environment.get("HF_ENDPOINT") or None, patience, say)


def _staged(workspace: Workspace, request: Request, environment: Mapping[str, str], say: Say) -> Staged:
    secrets = environment_secrets(environment)
    return read_staged(workspace, secrets, request.not_secret, public=request.public, say=say)
