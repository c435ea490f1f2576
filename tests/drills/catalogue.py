"""Every drill: what is done, and which alerts must tell of it."""

from datetime import timedelta
from functools import partial
from typing import Final

from tests.drills.drill import Drill, Expected
from tests.drills.processes import Stutter, hung, scaled, stopped, stuttering, without_room
from tests.drills.releases import misconfigured, mistaken
from tests.drills.state import (
    aged,
    configured,
    damaged,
    dead_letter,
    discarded,
    flooded,
    nobody_orders,
    on_its_way,
    paid_with,
    poisoned,
    registered,
    sold_out,
    stuck_order,
    written,
)

A_LETTER: Final = "8b2561dabbc8a721"
AN_ORDER: Final = "01a208bbe8ce75ed81f7cc3b284feaba"
CONTROL_PLANE: Final = "control-plane-1"
LONG_WINDOWS: Final = "its windows are hours and days; only the cause is gone"
NO_CERTIFICATE: Final = {
    "PORTICO_TLS_CERTIFICATE": "/nowhere/edge.pem",
    "PORTICO_TLS_KEY": "/nowhere/edge.key",
}
PRODUCT: Final = {" order ": " product "}
OVERDUE, FORGOTTEN = timedelta(days=92), timedelta(minutes=11)

DRILLS: Final = (
    Drill(
        "`product` hangs",
        [partial(hung, process="product-1")],
        [
            Expected("ServiceAbsent", {"service": "product"}, PRODUCT),
            Expected("InstanceDown", {"instance": "product-1"}, PRODUCT),
            Expected("BreakerOpen", {"upstream": "product"}),
            Expected("ErrorBudgetBurnsFast"),
            Expected("ErrorBudgetBurnsSlowly", lasts=LONG_WINDOWS),
        ],
    ),
    Drill(
        "an invalid section of the configuration in Consul",
        [partial(written, key="portico/config/limits", value=b'{"enabled": "perhaps"}')],
        [Expected("ConfigurationRefused", {"what": "limits"})],
    ),
    Drill(
        "an instance of `payment` that is registered by a name, and one with the port -1",
        [
            partial(registered, service="payment", id="by-name", address="payment.test"),
            partial(registered, service="payment", id="by-port", port=-1),
        ],
        [Expected("InstanceLeftOut", {"service": "payment"})],
    ),
    Drill(
        "a release of the control plane that names a certificate which is not there",
        [partial(misconfigured, process=CONTROL_PLANE, environment=NO_CERTIFICATE)],
        [Expected("EnvoyRefusesConfiguration", {"role": "edge", "type": "listener"})],
    ),
    Drill(
        "a release of the control plane that forgets services without instances, and none of `payment`",
        [partial(mistaken, process=CONTROL_PLANE), partial(scaled, service="payment", count=0)],
        [Expected("SnapshotRefused", {"role": "egress"})],
    ),
    Drill(
        "a sku of which nothing is left",
        [sold_out],
        [Expected("LowStock", {"shortage": "none"})],
    ),
    Drill(
        "a message in `order.saga` that nobody understands",
        [partial(discarded, queue="order.saga"), partial(poisoned, queue="order.saga")],
        [Expected("DeadLetters", {"queue": "order.saga"}, {A_LETTER: dead_letter})],
    ),
    Drill(
        "`operations` stopped, and a message that dies",
        [
            partial(discarded, queue="inventory.commands"),
            partial(stopped, process="operations-1"),
            partial(poisoned, queue="inventory.commands"),
        ],
        [Expected("DeadLettersUncollected", {"queue": "inventory.dead-letters"})],
    ),
    Drill(
        "an order whose read model is damaged",
        [damaged],
        [Expected("SweepFails", {"service": "order"})],
    ),
    Drill(
        "a signing key that is 92 days old, and nothing rotates it",
        [partial(aged, which={"activated_at": {"$ne": None}}, since="activated_at", age=OVERDUE)],
        [Expected("SigningKeyOld")],
    ),
    Drill(
        "the control plane stopped, and a signing key on its way for 11 minutes",
        [
            partial(stopped, process=CONTROL_PLANE),
            on_its_way,
            partial(aged, which={"activated_at": None}, since="created_at", age=FORGOTTEN),
        ],
        [
            Expected("EnvoyAlone", {"role": "edge"}),
            Expected("SigningKeyPending"),
        ],
    ),
    Drill(
        "the edge hangs",
        [partial(hung, process="edge")],
        [Expected("EnvoyDown", {"role": "edge"})],
    ),
    Drill(
        "Redis stopped",
        [partial(stopped, process="redis")],
        [
            Expected(
                "DependencyDown", {"service": "gateway", "dependency": "redis"}, {" mongodb ": " redis "}
            ),
            Expected("RateLimitsUncounted"),
        ],
    ),
    Drill(
        "no instance of `inventory`, and an event that comes 1,100 times",
        [partial(scaled, service="inventory", count=0), flooded],
        [
            Expected("QueueWithoutConsumer", {"queue": "inventory.commands"}),
            Expected("PagesDegraded", {"section": "stock"}),
            Expected("SagasStuck", {}, {AN_ORDER: stuck_order}),
            Expected("QueueGrows", {"queue": "inventory.catalogue"}),
        ],
        [
            Expected("SagasFail"),
            Expected("SagasSlow"),
        ],
    ),
    Drill(
        "RabbitMQ without room in memory",
        [without_room],
        [Expected("BrokerAlarm"), Expected("OutboxLags", {"service": "order"})],
        [Expected("MessagesOld", {"queue": "inventory.commands"}, {" order ": " inventory "})],
    ),
    Drill(
        "a payment provider that does not answer (`tok_timeout`)",
        [partial(paid_with, token="tok_timeout")],
        [Expected("PaymentProviderFails", {"provider": "sandbox"})],
    ),
    Drill(
        "MongoDB stands still for 0.6 s of every 0.8 s",
        [
            partial(scaled, service="order", count=1),
            partial(stuttering, process="mongodb", rhythm=Stutter(0.2, 0.6)),
        ],
        [
            Expected("MongodbSlow"),
            Expected("LatencyBudgetBurns"),
            Expected("PoolExhausted", {"service": "order"}),
        ],
    ),
    Drill(
        "`in_flight` of the gateway set to 3",
        [
            partial(scaled, service="gateway", count=1),
            partial(configured, section="resilience", assignments=("in_flight=3",)),
        ],
        [Expected("RequestsShed", {"what": "requests"})],
    ),
    Drill(
        "`gateway` stands still for 0.8 s of every 0.9 s",
        [
            partial(scaled, service="gateway", count=1),
            partial(stuttering, process="gateway-1", rhythm=Stutter(0.1, 0.8)),
        ],
        [Expected("EventLoopLags", {"service": "gateway"})],
    ),
    Drill(
        "people who look, and nobody who orders",
        [nobody_orders],
        [Expected("OrdersStop")],
    ),
)

NOT_CAUSED: Final = {
    "LogLinesDropped": "the supervisor would have to stop reading, and it is what carries the drills out; "
    "`tests/unit/observability/test_logs.py` has a stdout that nobody reads",
}
"""Why the others are not caused here, and where they are tried instead."""
