"""What Elasticsearch and Kibana are told of our logs, and in which order."""

import json
from typing import Any

import pytest
from aiohttp import encode_basic_auth, web

from observability.kibana.__main__ import rendered
from scripts.compose.elastic import InstallFailed, install_index, install_views
from tests.serving import serving


class Elastic:
    """Stands in for Elasticsearch and Kibana, which cannot be run here: a server that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.bodies: dict[str, Any] = {}
        self.status = 200
        self.answer: dict[str, Any] = {"acknowledged": True, "success": True}

    async def hear(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == encode_basic_auth("elastic", "e" * 24)
        self.told.append((request.method, request.path_qs))
        body = await request.text()
        is_json = request.content_type == "application/json"
        self.bodies[request.path] = json.loads(body) if is_json else body
        return web.json_response(self.answer, status=self.status)


async def installed(elastic: Elastic, *installs: Any) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", elastic.hear)
    async with serving(app) as port:
        url = f"http://127.0.0.1:{port}"
        secrets = {name: name[0].lower() * 24 for name in ("ELASTIC", "KIBANA", "LOGSTASH")}
        environment = {f"PORTICO_{name}_PASSWORD": secret for name, secret in secrets.items()}
        for install in installs:
            await install({**environment, "PORTICO_ELASTICSEARCH_URL": url, "PORTICO_KIBANA_URL": url})


async def test_the_index_is_prepared_before_anybody_may_write() -> None:
    elastic = Elastic()
    await installed(elastic, install_index)
    assert elastic.told == [
        ("PUT", "/_ilm/policy/portico-logs"),
        ("PUT", "/_index_template/portico-logs"),
        ("PUT", "/_security/role/portico_logs_writer"),
        ("PUT", "/_security/user/portico_logstash"),
        ("POST", "/_security/user/kibana_system/_password"),
    ]
    assert elastic.bodies["/_security/user/portico_logstash"] == {
        "password": "l" * 24,
        "roles": ["portico_logs_writer"],
    }
    rights = elastic.bodies["/_security/role/portico_logs_writer"]["indices"][0]
    assert rights == {"names": ["logs-portico-*"], "privileges": ["create_doc", "auto_configure"]}


async def test_kibana_gets_every_object() -> None:
    elastic = Elastic()
    await installed(elastic, install_views)
    assert elastic.told == [("POST", "/api/saved_objects/_import?overwrite=true")]
    assert rendered() in elastic.bodies["/api/saved_objects/_import"].replace("\r\n", "\n")


@pytest.mark.parametrize("install", [install_index, install_views])
async def test_a_refusal_says_what_was_refused_and_why(install: Any) -> None:
    elastic = Elastic()
    elastic.status, elastic.answer = 400, {"error": "no such setting"}
    with pytest.raises(InstallFailed, match="no such setting"):
        await installed(elastic, install)


async def test_objects_that_kibana_does_not_take_are_told() -> None:
    elastic = Elastic()
    elastic.answer = {"success": False, "errors": [{"id": "portico-errors"}]}
    with pytest.raises(InstallFailed, match="portico-errors"):
        await installed(elastic, install_views)
