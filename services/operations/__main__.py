from services.chassis.run import run
from services.operations.app import make_app
from services.operations.settings import Settings

run(make_app, Settings)
