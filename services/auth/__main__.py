from services.auth.app import make_app
from services.auth.settings import Settings
from services.chassis.run import run

run(make_app, Settings)
