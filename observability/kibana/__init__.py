"""What Kibana shows of the logs, as code."""
