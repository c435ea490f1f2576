"""What an Envoy is told before it can ask."""

from discovery.control_plane.bootstrap import bootstrap


def test_a_bootstrap_holds_who_and_where_and_nothing_else() -> None:
    document = bootstrap("edge", "edge-1", 9901, [("10.0.0.1", 18000), ("10.0.0.2", 18000)])
    own = {"overload_manager", "layered_runtime"}
    assert set(document) == {"node", "admin", "dynamic_resources", "static_resources", *own}
    assert document["node"] == {"id": "edge-1", "cluster": "edge"}
    (cluster,) = document["static_resources"]["clusters"]
    (group,) = cluster["load_assignment"]["endpoints"]
    assert len(group["lb_endpoints"]) == 2


def test_the_admin_interface_is_not_for_others() -> None:
    admin = bootstrap("egress", "egress-1", 9902, [])["admin"]["address"]["socket_address"]
    assert admin == {"address": "127.0.0.1", "port_value": 9902}
