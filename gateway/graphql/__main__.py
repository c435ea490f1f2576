"""Prints the schema: `python -m gateway.graphql > docs/schema.graphql`."""

import sys

from gateway.graphql.schema import SCHEMA

sys.stdout.write(f"{SCHEMA.as_str()}\n")
