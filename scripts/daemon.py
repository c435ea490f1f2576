"""The supervisor of a platform in the background: `python -m scripts.daemon`, started by `portico up`."""

import asyncio
import signal
import sys

from scripts.control import Control, served
from scripts.layout import Layout
from scripts.lock import Held, locked
from scripts.native.consul import forget_services
from scripts.native.prometheus import keep_targets
from scripts.platform import platform_specs
from scripts.supervisor import Supervisor


async def supervise(layout: Layout) -> None:
    """Run the platform's supervisor until it is told to stop, by a command or by SIGTERM or SIGINT."""
    supervisor = Supervisor(platform_specs(layout), logs=layout.logs, record=layout.process_record)
    async with supervisor:
        forget_services(layout)
        control = Control(supervisor)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, control.stopped.set)
        async with served(control, layout.control_socket):
            targets = asyncio.create_task(keep_targets(layout))
            await control.stopped.wait()
            targets.cancel()


def main() -> None:
    """Supervise the platform that the environment describes, unless it is supervised already."""
    layout = Layout.from_environment()
    try:
        with locked(layout.supervisor_lock, wait=False):
            asyncio.run(supervise(layout))
    except Held:
        sys.exit(f"another supervisor runs the platform in {layout.home}")


if __name__ == "__main__":
    main()
