"""`python -m scripts.compose.elastic index|views`: what Elasticsearch and Kibana need to know of our logs.

`index` goes before the first line: retention, the template, whoever may write, and the password of Kibana's own user.
`views` comes when Kibana is there. A second time changes nothing.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp

from scripts.layout import CHECKOUT

FILES = CHECKOUT / "observability"
WRITER = "portico_logstash"
WRITING = "portico_logs_writer"
SECONDS = 60.0

Environment = Mapping[str, str]


class InstallFailed(RuntimeError):
    """It was refused; the message says what, and why."""


async def install_index(environment: Environment) -> None:
    """Prepare Elasticsearch. Raises InstallFailed."""
    async with _client(environment, "PORTICO_ELASTICSEARCH_URL") as elastic:
        await _send(elastic, "PUT", "/_ilm/policy/portico-logs", _file("elasticsearch/lifecycle.json"))
        await _send(elastic, "PUT", "/_index_template/portico-logs", _file("elasticsearch/template.json"))
        # It adds lines, and can neither read nor change any.
        rights = {"names": ["logs-portico-*"], "privileges": ["create_doc", "auto_configure"]}
        role = {"cluster": ["monitor"], "indices": [rights]}
        await _send(elastic, "PUT", f"/_security/role/{WRITING}", role)
        writer = {"password": environment["PORTICO_LOGSTASH_PASSWORD"], "roles": [WRITING]}
        await _send(elastic, "PUT", f"/_security/user/{WRITER}", writer)
        kibana = {"password": environment["PORTICO_KIBANA_PASSWORD"]}
        await _send(elastic, "POST", "/_security/user/kibana_system/_password", kibana)


async def install_views(environment: Environment) -> None:
    """Give Kibana its saved objects. Raises InstallFailed."""
    form = aiohttp.FormData()
    objects = (FILES / "kibana" / "portico.ndjson").read_bytes()
    form.add_field("file", objects, filename="portico.ndjson", content_type="application/ndjson")
    async with _client(environment, "PORTICO_KIBANA_URL") as kibana:
        path = "/api/saved_objects/_import?overwrite=true"
        async with kibana.post(path, data=form, headers={"kbn-xsrf": "portico"}) as response:
            told = await _answer(response)
    if not told.get("success"):
        raise InstallFailed(f"Kibana did not take every object: {json.dumps(told.get('errors'))}")


def _client(environment: Environment, where: str) -> aiohttp.ClientSession:
    login = aiohttp.encode_basic_auth("elastic", environment["PORTICO_ELASTIC_PASSWORD"])
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    return aiohttp.ClientSession(environment[where], headers={"Authorization": login}, timeout=timeout)


async def _send(elastic: aiohttp.ClientSession, method: str, path: str, body: Any) -> None:
    async with elastic.request(method, path, json=body) as response:
        await _answer(response)


async def _answer(response: aiohttp.ClientResponse) -> dict[str, Any]:
    if response.status >= 400:
        raise InstallFailed(
            f"{response.method} {response.url.path}: {response.status} {await response.text()}"
        )
    told: dict[str, Any] = await response.json()
    return told


def _file(name: str) -> Any:
    return json.loads((FILES / name).read_text())


if __name__ == "__main__":
    install = {"index": install_index, "views": install_views}[sys.argv[1]]
    asyncio.run(install(os.environ))
