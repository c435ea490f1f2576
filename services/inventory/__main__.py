from services.chassis.run import run
from services.inventory.app import make_app
from services.inventory.settings import Settings

run(make_app, Settings)
