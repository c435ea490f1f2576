from services.chassis.run import run
from services.payment.app import make_app
from services.payment.settings import Settings

run(make_app, Settings)
