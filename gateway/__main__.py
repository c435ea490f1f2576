from gateway.app import make_app
from gateway.settings import Settings
from services.chassis.run import run

run(make_app, Settings)
