"""A file that is served from memory."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from aiohttp import ETag, hdrs, web


@dataclass(frozen=True, slots=True)
class File:
    """Something that is served as it is, and not again to whoever has it. `version` names its content."""

    body: bytes
    packed: bytes
    version: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, content_type: str, body: bytes, headers: Mapping[str, str]) -> Self:
        """The file, packed and named."""
        sent = {hdrs.CONTENT_TYPE: content_type, hdrs.VARY: hdrs.ACCEPT_ENCODING, **headers}
        return cls(body, gzip.compress(body, 6, mtime=0), hashlib.sha256(body).hexdigest()[:16], sent)

    def answer(self, request: web.Request) -> web.Response:
        """The file, packed for whoever takes that; 304 for whoever has it."""
        response = self._not_modified(request) or self._whole(request)
        response.headers.update(self.headers)
        # Weak, because it stands for the content and not for how it is packed.
        response.etag = ETag(self.version, is_weak=True)
        return response

    def _not_modified(self, request: web.Request) -> web.Response | None:
        known = {tag.value for tag in request.if_none_match or ()}
        return web.Response(status=304) if known & {self.version, "*"} else None

    def _whole(self, request: web.Request) -> web.Response:
        if "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=self.body)
        return web.Response(body=self.packed, headers={hdrs.CONTENT_ENCODING: "gzip"})
