"""The dashboards of Grafana, as code."""
