"""Who is registered with a tag at this moment, well or not."""

from dataclasses import dataclass

from consul.aio import Consul

from discovery.consul.watch import Endpoint, endpoint, is_passing


@dataclass(frozen=True, slots=True)
class Member:
    """One instance of `service`, and whether Consul finds it well."""

    service: str
    endpoint: Endpoint
    passing: bool


async def roster(client: Consul, tag: str) -> list[Member]:
    """Every instance of every service that has this tag. Raises `client.ERRORS`."""
    _, tags_of = await client.catalog.services()
    members: list[Member] = []
    for service in sorted(name for name, tags in tags_of.items() if tag in tags):
        _, entries = await client.health.service(service, tag=tag)
        members.extend(Member(service, endpoint(entry), is_passing(entry)) for entry in entries)
    return members
