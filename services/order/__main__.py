from services.chassis.run import run
from services.order.app import make_app
from services.order.settings import Settings

run(make_app, Settings)
