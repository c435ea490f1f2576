"""The .env file that docker-compose.yml is filled in with: this platform's secrets, and what is started."""

from scripts.secrets import Credentials, Secrets

PROFILES = ("core", "observability", "elk")
COLLECTOR = "http://otel-collector:4318"
LOGSTASH = "logstash:5000"

_HEAD = f"""\
# Made by `portico env`: the secrets of this platform, for docker-compose.yml. For nobody else to read.
# What `docker compose up` starts; `docker compose --profile core up` starts the light part of it.
COMPOSE_PROFILES={",".join(PROFILES)}
# Empty: no traces.
OTEL_EXPORTER_OTLP_ENDPOINT={COLLECTOR}
# Empty, and false: lines go to stdout alone, those of our processes and those of the Envoys.
PORTICO_LOGS_ADDRESS={LOGSTASH}
PORTICO_COLLECT_ACCESS_LOGS=true
"""


def render(secrets: Secrets, credentials: Credentials) -> str:
    """The whole file."""
    lines = (f"{name}={value}\n" for name, value in variables(secrets, credentials).items())
    return _HEAD + "".join(lines)


def variables(secrets: Secrets, credentials: Credentials) -> dict[str, str]:
    """Every secret by the name that docker-compose.yml knows it by."""
    databases = {password_variable(name): password for name, password in secrets.mongodb.items()}
    return {
        "PORTICO_MONGODB_ROOT_PASSWORD": secrets.mongodb_root,
        "PORTICO_MONGODB_KEYFILE": secrets.mongodb_keyfile,
        **databases,
        "PORTICO_RABBITMQ_PASSWORD": secrets.rabbitmq,
        "PORTICO_SIGNING_KEY_SECRET": secrets.signing_key,
        "PORTICO_SANDBOX_WEBHOOK_SECRET": secrets.sandbox_webhook,
        "PORTICO_ADMIN_PASSWORD": credentials.admin.password,
        "PORTICO_SUPPORT_PASSWORD": credentials.support.password,
        "PORTICO_GRAFANA_PASSWORD": secrets.grafana,
        "PORTICO_ELASTIC_PASSWORD": secrets.elastic,
        "PORTICO_KIBANA_PASSWORD": secrets.kibana,
        "PORTICO_LOGSTASH_PASSWORD": secrets.logstash,
    }


def password_variable(database: str) -> str:
    """What holds the password of a service's database."""
    return f"PORTICO_MONGODB_PASSWORD_{database.upper()}"
