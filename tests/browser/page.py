"""A page in the browser: opened, clicked, read and photographed."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Literal

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.browser import chromium
from tests.parts import eventually

SIZE = (1360, 900)
_MESSAGE_BYTES = 64 * 1024 * 1024


class Page:
    """One tab. `requested` are the URLs it asked for, `complaints` what it wrote to its console as an error."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._session = ""
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.requested: list[str] = []
        self.complaints: list[str] = []

    async def open(self, url: str) -> None:
        """Go to a URL."""
        await self.send("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression comes to."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def see(self, *texts: str, seconds: float = 15.0) -> str:
        """Wait until all of these texts can be read on the page; everything that can be."""

        async def read() -> str | None:
            shown: str = await self.evaluate("document.body ? document.body.innerText : ''")
            return shown if all(text in shown for text in texts) else None

        try:
            return str(await eventually(read, seconds))
        except AssertionError:
            raise AssertionError(
                f"{texts} not on:\n{await self.evaluate('document.body.innerText')}"
            ) from None

    async def click(self, text: str, within: str = "a, button, [role=link]") -> None:
        """Click the first element of that kind whose text begins like this, as soon as there is one."""
        find = (
            f"[...document.querySelectorAll({json.dumps(within)})]"
            f".find(one => one.textContent.trim().startsWith({json.dumps(text)}))"
        )
        await eventually(lambda: self.evaluate(f"Boolean({find})"))
        await self.evaluate(
            f"{find}.dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true}}))"
        )

    async def fill(self, selector: str, text: str) -> None:
        """Put a text into a field, as soon as there is one."""
        await eventually(lambda: self.evaluate(f"Boolean(document.querySelector({json.dumps(selector)}))"))
        await self.evaluate(
            f"(() => {{ const field = document.querySelector({json.dumps(selector)}); field.value = {json.dumps(text)};"
            "field.dispatchEvent(new Event('input', {bubbles: true}));"
            "field.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    async def colours(self, scheme: Literal["light", "dark"]) -> None:
        """What the machine's user likes."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.send("Emulation.setEmulatedMedia", features=features)

    async def photograph(self, path: Path) -> None:
        """The page as it is seen, as PNG."""
        picture = await self.send("Page.captureScreenshot", format="png")
        await asyncio.to_thread(_write, path, base64.b64decode(picture["data"]))

    async def send(self, method: str, **parameters: Any) -> Any:
        """One command of the DevTools protocol, and its answer."""
        number = next(self._numbers)
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send_json({**message, "sessionId": self._session} if self._session else message)
        async with asyncio.timeout(20):
            return await answered

    async def attach(self) -> None:
        """Take the browser's first tab."""
        targets = (await self.send("Target.getTargets"))["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        attached = await self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.send(f"{domain}.enable")
        width, height = SIZE
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def listen(self) -> None:
        """Hear what the browser says, until it ends."""
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                self._hear(json.loads(message.data))

    def _hear(self, said: dict[str, Any]) -> None:
        if (answered := self._waiting.pop(said.get("id", 0), None)) and not answered.done():
            if "error" in said:
                answered.set_exception(RuntimeError(said["error"]["message"]))
            else:
                answered.set_result(said["result"])
        match said:
            case {"method": "Network.requestWillBeSent", "params": {"request": {"url": str(url)}}}:
                self.requested.append(url)
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                self.complaints.append(json.dumps(details))
            # An answer of 4xx is an entry too: whether it is one to complain of, the page says itself.
            case {
                "method": "Log.entryAdded",
                "params": {"entry": {"level": "error", "source": source} as entry},
            } if source != "network":
                self.complaints.append(json.dumps(entry))


@asynccontextmanager
async def browsing(native: Path, profile: Path) -> AsyncIterator[Page]:
    """A tab of a browser of its own, which is gone afterwards; `profile` is an empty directory for it."""
    process = await asyncio.create_subprocess_exec(
        *chromium.command(native, profile),
        env=chromium.environment(native, profile),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port, path = (await eventually(lambda: _address(profile))).split()
        async with (
            ClientSession() as http,
            http.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=_MESSAGE_BYTES) as socket,
        ):
            page = Page(socket)
            listening = asyncio.create_task(page.listen())
            await page.attach()
            yield page
            listening.cancel()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _address(profile: Path) -> str | None:
    file = profile / "DevToolsActivePort"
    return file.read_text() if file.exists() and file.read_text().count("\n") else None
