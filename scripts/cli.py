"""The `portico` command."""

import typer

from scripts.commands.config import config
from scripts.commands.dlq import dlq
from scripts.commands.doctor import doctor
from scripts.commands.down import down
from scripts.commands.env import env
from scripts.commands.fetch import fetch
from scripts.commands.flags import flags
from scripts.commands.keys import keys
from scripts.commands.load import load
from scripts.commands.logs import logs
from scripts.commands.order import order
from scripts.commands.orders import orders
from scripts.commands.saga import saga
from scripts.commands.scale import scale
from scripts.commands.seed import seed
from scripts.commands.status import status
from scripts.commands.up import up
from scripts.console import plain_errors

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for command in (up, down, status, logs, scale, order, seed, load, fetch, env, doctor):
    app.command()(command)


for name, group in (
    ("dlq", dlq),
    ("saga", saga),
    ("orders", orders),
    ("config", config),
    ("flags", flags),
    ("keys", keys),
):
    app.add_typer(group, name=name)


@app.callback()
def portico() -> None:
    """Run the Portico platform on this machine."""


def main() -> None:
    """Entry point of the `portico` script."""
    with plain_errors():
        app()
