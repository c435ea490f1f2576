"""What several types are made of."""

from gateway.graphql.words import MinorUnits, shape


@shape
class Money:
    """An amount in minor units, and its ISO 4217 currency."""

    amount: MinorUnits
    currency: str
