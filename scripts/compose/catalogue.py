"""`python -m scripts.compose.catalogue`: the sample products, through the public API, where they are missing."""

import asyncio
import os

from scripts.demo import seed_catalogue
from scripts.secrets import Credentials

if __name__ == "__main__":
    accounts = Credentials().with_passwords(admin=os.environ["PORTICO_ADMIN_PASSWORD"], support=None)
    new = asyncio.run(seed_catalogue(os.environ["PORTICO_PUBLIC_URL"], accounts.admin))
    print(f"products put on sale: {new}")
