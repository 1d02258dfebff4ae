"""A real Chromium without a window, driven through a pipe by its DevTools protocol: no driver, no port, no library.

What the page logs and what it asks the network for is kept, so that a test can say that there was nothing.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
_LAUNCH = """
import fcntl, os, sys
taken, given = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 20) for n in sys.argv[1:3])
os.dup2(taken, 3)
os.dup2(given, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--remote-debugging-pipe",
)
_PATIENCE_SECONDS = 60.0


def program() -> str | None:
    """The browser's path; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One browser with one page. `console` are its messages and errors, `requests` the addresses that it asked for."""

    def __init__(self, *, width: int = 1200, height: int = 900) -> None:
        found = program()
        assert found is not None, f"none of {', '.join(NAMES)} is on PATH"
        self._profile = tempfile.TemporaryDirectory(prefix="sciopt-browser-", ignore_cleanup_errors=True)
        to_it, self._to = os.pipe()
        self._from, from_it = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", _LAUNCH, str(to_it), str(from_it), found),
                *_OPTIONS,
                *(f"--user-data-dir={self._profile.name}", f"--window-size={width},{height}"),
            ],
            pass_fds=(to_it, from_it),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_it)
        os.close(from_it)
        self._number = 0
        self._buffer = b""
        self._answers: dict[int, dict[str, Any]] = {}
        self._session: str | None = None
        self.console: list[str] = []
        self.requests: list[str] = []
        self.events: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        try:
            self.call("Browser.close")
            self._process.wait(20)
        except (OSError, AssertionError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()

    # --- the protocol ---------------------------------------------------------------------------------------------

    def call(self, method: str, **options: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        self._number += 1
        mine = self._number
        message: dict[str, Any] = {"id": mine, "method": method, "params": options}
        if self._session:
            message["sessionId"] = self._session
        left = memoryview(json.dumps(message).encode() + b"\0")
        while left:
            left = left[os.write(self._to, left) :]
        until = time.monotonic() + _PATIENCE_SECONDS
        while mine not in self._answers:
            self._receive(until)
        answer = self._answers.pop(mine)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self, until: float) -> None:
        """Take in what has come, waiting for something."""
        ready, _, _ = select.select([self._from], [], [], max(0.0, until - time.monotonic()))
        assert ready, "the browser does not answer"
        got = os.read(self._from, 1 << 20)
        assert got, "the browser has ended"
        *whole, self._buffer = (self._buffer + got).split(b"\0")
        for each in whole:
            message = json.loads(each)
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self._note(message["method"], message["params"])

    def _note(self, method: str, said: dict[str, Any]) -> None:
        self.events.append(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.console.append(" ".join(str(each.get("value", each.get("description"))) for each in said["args"]))
        elif method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.console.append(str(details.get("exception", {}).get("description", details["text"])))
        elif method == "Log.entryAdded":
            self.console.append(said["entry"]["text"])

    def cpu_seconds(self) -> float:
        """Processor time of the processes that draw pages, so far."""
        session, self._session = self._session, None
        found = self.call("SystemInfo.getProcessInfo")["processInfo"]
        self._session = session
        return sum(float(each["cpuTime"]) for each in found if each["type"] == "renderer")

    # --- the page -------------------------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Load a file, and wait until it has loaded."""
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        until = time.monotonic() + _PATIENCE_SECONDS
        while "Page.loadEventFired" not in self.events:
            self._receive(until)

    def resize(self, width: int, height: int, *, scale: float = 1.0) -> None:
        """The size of the page in its pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def media(self, *, scheme: str = "light", medium: str = "screen") -> None:
        """Whether the system is dark, and whether the page is on paper; with "" that is as it is shown."""
        self.call(
            "Emulation.setEmulatedMedia", media=medium, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        said = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait(self, script: str, *, seconds: float = 90.0) -> None:
        """Until an expression is true."""
        until = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < until, f"this did not become true: {script}"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """One key, such as ArrowRight or Tab."""
        codes = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        codes |= {"Tab": 9, "Enter": 13, "End": 35, "Home": 36}
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key])
        if key == "Enter":
            self.call("Input.dispatchKeyEvent", type="char", text="\r", key=key, windowsVirtualKeyCode=13)

    def mouse(self, kind: str, x: float, y: float, *, pressed: bool = False) -> None:
        """A movement or a click at a place in the window."""
        self.call(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x,
            y=y,
            button="left" if pressed else "none",
            buttons=1 if pressed else 0,
            clickCount=1,
        )

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press at one place, move, let go at another."""
        self.mouse("mousePressed", *start, pressed=True)
        for part in range(1, 9):
            place = (start[i] + (end[i] - start[i]) * part / 8 for i in (0, 1))
            self.mouse("mouseMoved", *place, pressed=True)
        self.mouse("mouseReleased", *end, pressed=True)

    def screenshot(self, path: Path, *, whole: bool = False, clip: dict[str, float] | None = None) -> None:
        """The window as a PNG file, or the whole page, or a part of it."""
        options: dict[str, Any] = {"format": "png", "captureBeyondViewport": whole}
        if clip is not None:
            options["clip"] = {**clip, "scale": 1}
        path.write_bytes(_decoded(self.call("Page.captureScreenshot", **options)["data"]))

    def pdf(self, path: Path) -> None:
        """The page as it is printed."""
        made = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        path.write_bytes(_decoded(made["data"]))


def _decoded(text: str) -> bytes:
    import base64

    return base64.b64decode(text)
