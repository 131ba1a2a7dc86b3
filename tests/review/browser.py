"""A real Chromium, driven by its own protocol: keys that are pressed, scripts that look, pictures that are taken."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")
START_SECONDS, WAIT_SECONDS = 300.0, 300.0
KEYS = {"Enter": ("Enter", 13), "Escape": ("Escape", 27)}


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.said: list[str] = []
        """What the page has written to its console, refusals of its policy included."""
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Have the browser do something, and wait until it has."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self._connection.recv(timeout=WAIT_SECONDS))
            if told.get("id") == self._number:
                if "navigated" in told.get("error", {}).get("message", ""):
                    return {"result": {}}  # the page has just gone to another one: it is nothing there yet
                assert "error" not in told, told
                found: dict[str, Any] = told["result"]
                return found
            if told.get("method") == "Log.entryAdded":
                self.said.append(told["params"]["entry"]["text"])
            if told.get("method") == "Runtime.exceptionThrown":
                self.said.append(json.dumps(told["params"]["exceptionDetails"])[:500])
            if told.get("method") == "Page.javascriptDialogOpening":
                self.said.append(f"dialog: {told['params']['message']}")

    def run(self, script: str) -> Any:
        """What an expression comes to in the page; promises are waited for."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, address: str) -> None:
        """Go there."""
        self.call("Page.navigate", url=address)

    def wait(self, condition: str, seconds: float = WAIT_SECONDS) -> Any:
        """Until an expression is true in the page; what it is then."""
        end = time.monotonic() + seconds
        while not (found := self.run(condition)):
            assert time.monotonic() < end, f"{condition} does not come true; the page said {self.said[-5:]}"
            time.sleep(0.01)
        return found

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press a key and let go; `modifiers` 2 is Ctrl."""
        code, number = KEYS[key] if key in KEYS else (key, ord(key.upper()) if key.isalnum() else 0)
        same = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers}
        typed = {"text": key} if len(key) == 1 and not modifiers else {}
        self.call("Input.dispatchKeyEvent", type="keyDown" if typed else "rawKeyDown", **same, **typed)
        self.call("Input.dispatchKeyEvent", type="keyUp", **same)

    def picture(self, path: Path, width: int = 1360, height: int = 900) -> None:
        """Take a picture of what one sees."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """A tab of a browser of its own, which is gone at the end of the block."""
    assert CHROMIUM is not None
    profile = folder / "profile"
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        "--disable-dev-shm-usage", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--window-size=1360,900",
        "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = _port(profile / "DevToolsActivePort")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=WAIT_SECONDS) as answer:
            tab = next(one for one in json.loads(answer.read()) if one["type"] == "page")
        with connect(tab["webSocketDebuggerUrl"], max_size=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        process.wait()


def _port(path: Path) -> int:
    end = time.monotonic() + START_SECONDS
    while not path.is_file() or not path.read_text().strip():
        assert time.monotonic() < end, "Chromium does not start"
        time.sleep(0.05)
    return int(path.read_text().split()[0])
