from observability.collector.app import make_app
from observability.collector.settings import Settings
from services.chassis.run import run

run(make_app, Settings)
