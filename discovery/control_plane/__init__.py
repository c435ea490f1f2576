"""What Consul knows, served to Envoy as its configuration."""
