"""Gate: a flow that waits for people. By default it looks whether the workspace is signed off; with a persistent
Prefect server it pauses, writes down that it does (`review_wait.json`), and the sign-off resumes it.

Prefect itself is not needed: resuming a flow run is one request.
"""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

from r1data.store import Workspace, write_text
from r1data.store.reviews import ReviewStore, last_sign_off

WAITING = "review_wait.json"
SECONDS = 10.0
SIGNED = "signed off"


def recipe_of(root: Path) -> str:
    """The fingerprint of what the workspace holds: a sign-off counts for that, and not for what comes later."""
    return str(Workspace(root).read_manifest().get("recipe", ""))


def parts_of(root: Path) -> list[str]:
    """Names of a mix's parts that are in its dataset; of any other workspace the one name that is empty."""
    manifest = Workspace.existing(root).read_manifest()
    names: list[str] = manifest.get("parts", []) if manifest.get("kind") == "mix" else [""]
    return names


def sign_off(root: Path, reviewer: str, now: float, note: str | None = None, *, signed: bool = True) -> str:
    """Write down that the review of a workspace, with all its parts, is finished (or with `signed=False` that it is
    not), and let the flow run go on that waits for that; says what came of it.
    """
    roots = [root, *(root / "parts" / part for part in parts_of(root) if part)]
    for one in roots:
        store = ReviewStore(one)
        store.sign_off(reviewer, recipe_of(one), now, note, signed=signed)
        store.close()
    if not signed:
        return "taken back"
    said = [resume_waiting(one) for one in roots]
    return next((one for one in said if one != SIGNED), SIGNED)


def signed_off(root: Path) -> bool:
    """Whether somebody has signed off what this workspace holds now."""
    last = last_sign_off(root)
    return last is not None and last.signed and last.recipe == recipe_of(root)


def wait_for_review(root: Path, flow_run_id: str, api_url: str) -> None:
    """Write down that a paused flow run waits for the sign-off, and where it can be resumed."""
    told = {"flow_run_id": str(uuid.UUID(flow_run_id)), "api_url": api_url}
    write_text(root / WAITING, json.dumps(told, indent=2) + "\n")


def resume_waiting(root: Path) -> str:
    """Resume the flow run that waits for this workspace, if one does; says what came of it. A failure is no error of
    the sign-off's, which stands: the run can be resumed by hand.
    """
    path = root / WAITING
    if not path.is_file():
        return SIGNED
    try:
        request, run = _request(path)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            status = json.loads(answer.read()).get("status")
    except (OSError, ValueError, KeyError) as error:
        return f"signed off, but the flow run that waits for it could not be resumed ({error}); resume it in Prefect"
    if status not in ("ACCEPT", None):
        return f"signed off, but Prefect would not resume flow run {run} ({status}); it may not be paused any more"
    path.unlink(missing_ok=True)
    return f"signed off, and flow run {run} goes on"


def _request(path: Path) -> tuple[urllib.request.Request, uuid.UUID]:
    waiting = json.loads(path.read_text(encoding="utf-8"))
    run, api = uuid.UUID(waiting["flow_run_id"]), str(waiting["api_url"]).rstrip("/")
    if urlsplit(api).scheme not in ("http", "https"):
        raise ValueError(f"{api!r} is no address of a Prefect server")
    headers = {"Content-Type": "application/json"} | _credentials()
    return urllib.request.Request(f"{api}/flow_runs/{run}/resume", b"{}", headers, method="POST"), run


def _credentials() -> dict[str, str]:
    """Prefect's own, from its own environment variables."""
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if pair := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}
