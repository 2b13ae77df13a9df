"""A headless Chromium, driven through pipes by its DevTools protocol; only what the tests of the page need.

Source: https://chromedevtools.github.io/devtools-protocol. `--remote-debugging-pipe`: commands are read from descriptor
3, answers and events written to 4, JSON objects that end with a zero byte.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.waiting import until

PATIENCE_S = 60.0
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = (
    "--headless", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-breakpad", "--disable-extensions", "--hide-scrollbars", "--force-device-scale-factor=1",
)  # fmt: skip
_EXECUTE = """import os, sys
for place, fd in zip((3, 4), sys.argv[1:3]):
    os.dup2(int(fd), place)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_chromium() -> str | None:
    """Return the program, None where it is not installed."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class BrowserError(AssertionError):
    """The browser refused a command, or a script in it threw."""


class Chromium:
    """One browser process, with a profile in `folder`."""

    def __init__(self, program: str, folder: Path) -> None:
        commands, self._out = os.pipe()
        self._in, answers = os.pipe()
        above = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (commands, answers)]  # 3 and 4 may be in use
        options = [*_OPTIONS, f"--user-data-dir={folder}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        with (folder / "chromium.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _EXECUTE, *map(str, above), program, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=above, start_new_session=True,
                env={**os.environ, "HOME": str(folder)},
            )  # fmt: skip
        for fd in (commands, answers, *above):
            os.close(fd)
        self._numbers, self._rest, self._events = itertools.count(1), b"", list[dict[str, Any]]()

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Give a command and return its result. BrowserError."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = self._read(end)
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self._events.append(answer)

    def events(self, session: str) -> list[dict[str, Any]]:
        """Return the events of a session that have come, and forget them."""
        found = [event for event in self._events if event.get("sessionId") == session]
        self._events = [event for event in self._events if event not in found]
        return found

    @contextlib.contextmanager
    def page(self, url: str, width: int = 1200, height: int = 800) -> Iterator[BrowserPage]:
        """Open a page in a context of its own (cookies, storage); at its end no script of it may have failed."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        try:
            target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
            session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            page = BrowserPage(self, session, width, height)
            page.go(url)
            yield page
            complaints = page.complaints()
            assert complaints == [], complaints
        finally:
            self.call("Target.disposeBrowserContext", browserContextId=context)
            self._events.clear()

    def close(self) -> None:
        """End all its processes."""
        with contextlib.suppress(BrowserError, OSError):
            self.call("Browser.close")
        os.close(self._out)
        os.close(self._in)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _read(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            part = os.read(self._in, 1 << 20) if ready else b""
            if not part:
                raise BrowserError("the browser does not answer, or has ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


class BrowserPage:
    """One tab."""

    def __init__(self, browser: Chromium, session: str, width: int, height: int) -> None:
        self._browser, self._session = browser, session
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)
        self.requested: list[str] = []  # addresses, as far as `complaints` has seen them
        self.expected = ""  # in the complaints that a test wants

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command for this tab."""
        return self._browser.call(method, self._session, **parameters)

    def go(self, url: str) -> None:
        """Load an address, and wait for it."""
        self.call("Page.navigate", url=url)
        until(lambda: self.run("location.href !== 'about:blank' && document.readyState === 'complete'"), "no page")

    def reload(self) -> None:
        """Load the page once more."""
        self.run("window.isOld = true")
        self.call("Page.reload")

        def loaded() -> bool:
            with contextlib.suppress(BrowserError):  # between two pages
                return bool(self.run("!window.isOld && document.readyState === 'complete'"))
            return False

        until(loaded, "no page")

    def run(self, code: str) -> Any:
        """Return the value of an expression, awaited. BrowserError if it throws."""
        done = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise BrowserError(json.dumps(done["exceptionDetails"].get("exception", {}).get("description", done)))
        return done["result"].get("value")

    def module(self, name: str, code: str, *values: Any) -> Any:
        """Return what `code`, the body of an async function, returns: `m` is a module of the page, `v` the values."""
        return self.run(
            f"(async () => {{ const m = await import('/page/{name}'); const v = {json.dumps(values)}; {code} }})()"
        )

    def text(self, selector: str) -> str:
        """Return the text of the last element that matches; "" without one."""
        return str(self.run(f"[...document.querySelectorAll({json.dumps(selector)})].at(-1)?.textContent ?? ''"))

    def shown(self, selector: str) -> bool:
        """Return whether the last element that matches can be seen."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})].at(-1)"
        return bool(self.run(f"{found}?.checkVisibility() ?? false"))

    def wait(self, selector: str, good: Callable[[str], object]) -> str:
        """Wait until the text of an element is good, and return it."""
        try:
            until(lambda: good(self.text(selector)), patience_s=PATIENCE_S)
        except AssertionError:
            raise AssertionError(f"{selector} is {self.text(selector)!r}; {self.complaints()}") from None
        return self.text(selector)

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true."""
        until(lambda: self.run(condition), condition, PATIENCE_S)

    def click(self, selector: str) -> None:
        """Click an element with the mouse."""
        place = self.run(
            f"(() => {{ const e = [...document.querySelectorAll({json.dumps(selector)})].at(-1); e.scrollIntoView();"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int, shift: bool = False, text: str = "") -> None:
        """Press a key and let it go. `code`: its Windows number, `text`: what it writes."""
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def enter(self, shift: bool = False) -> None:
        """Press Enter."""
        self.press("Enter", 13, shift, "\r")

    def resize(self, width: int, height: int) -> None:
        """Give the tab a size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name: str) -> None:
        """Prefer light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, path: Path) -> None:
        """Write a PNG of what is seen."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def complaints(self) -> list[str]:
        """Return errors of scripts, of the policy and of requests; notes the addresses that were asked for."""
        found = []
        for event in self._browser.events(self._session):
            told = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                self.requested.append(told["request"]["url"])
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(told["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded" and told["entry"]["level"] in ("warning", "error"):
                found.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
            elif event["method"] == "Runtime.consoleAPICalled":
                found.append(str([each.get("value") for each in told["args"]]))
        return [each for each in found if not self.expected or self.expected not in each]
