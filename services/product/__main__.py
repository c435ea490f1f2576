from services.chassis.run import run
from services.product.app import make_app
from services.product.settings import Settings

run(make_app, Settings)
