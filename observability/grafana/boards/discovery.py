"""Envoy, the control plane, configuration and keys."""

from observability.grafana.panels import Json, Query, Row, dashboard, lines


def discovery() -> Json:
    """The dashboard."""
    envoy = Row(
        "Envoy",
        (
            lines(
                "Answers",
                Query(
                    'sum by (role, envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix=~"edge|egress"}[1m]))',
                    "{{role}} {{envoy_response_code_class}}xx",
                ),
                unit="reqps",
            ),
            lines(
                "Healthy hosts",
                Query(
                    "min by (envoy_cluster_name) (envoy_cluster_membership_healthy)", "{{envoy_cluster_name}}"
                ),
            ),
            lines(
                "Retries",
                Query(
                    "sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_rq_retry[1m]))",
                    "{{envoy_cluster_name}}",
                ),
                unit="reqps",
            ),
            lines("Memory", Query("sum by (role) (envoy_server_memory_allocated)", "{{role}}"), unit="bytes"),
            lines(
                "Connections of clients",
                Query(
                    'sum by (role) (envoy_http_downstream_cx_active{envoy_http_conn_manager_prefix=~"edge|egress"})',
                    "{{role}}",
                ),
            ),
        ),
    )
    control = Row(
        "Control plane",
        (
            lines("Envoys connected", Query("sum by (role) (portico_xds_connected_envoys)", "{{role}}")),
            lines(
                "Pushes and refusals",
                Query("sum by (role, type) (rate(portico_xds_pushes_total[1m]))", "{{role}} {{type}}"),
                Query("sum by (role) (rate(portico_xds_nacks_total[1m]))", "{{role}} refused"),
            ),
            lines("Resources", Query("max by (role, type) (portico_xds_resources)", "{{role}} {{type}}")),
            lines("Configuration in force", Query("min by (what) (portico_config_valid)", "{{what}}")),
            lines(
                "Age of the signing key",
                Query("max(portico_signing_key_age_seconds)", "active"),
                Query("max(portico_signing_key_pending_seconds)", "on its way"),
                unit="s",
            ),
            lines("Signing keys", Query("max by (state) (portico_signing_keys)", "{{state}}")),
        ),
    )
    return dashboard(
        "discovery", "Discovery", "Envoy, its control plane, configuration and keys.", (envoy, control)
    )
