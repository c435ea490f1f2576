"""For each alert, series that must make it fire and such that must not. One step is a minute."""

from dataclasses import dataclass

SERVICES = ("auth", "product", "inventory", "payment", "order", "operations", "gateway", "control-plane")


@dataclass(frozen=True)
class Case:
    """`firing` alerts with these `labels` at the time `at` under `bad`, none under `good`."""

    bad: dict[str, str]
    good: dict[str, str]
    at: str = "30m"
    firing: int = 1
    labels: str = ""


def _edge(good: int, failed: int, minutes: int) -> dict[str, str]:
    """So many answers a minute at the edge."""
    name = 'envoy_http_downstream_rq_xx{role="edge",envoy_http_conn_manager_prefix="edge"'
    return {
        f'{name},envoy_response_code_class="2"}}': f"0+{good}x{minutes}",
        f'{name},envoy_response_code_class="5"}}': f"0+{failed}x{minutes}",
    }


def _histogram(name: str, labels: str, bounds: dict[str, int]) -> dict[str, str]:
    """Growing by so many a minute up to each bound; the last bound is all of them."""
    most = max(bounds.values())
    told = {**bounds, "+Inf": most}
    buckets = {f'{name}_bucket{{{labels},le="{le}"}}': f"0+{number}x60" for le, number in told.items()}
    return {**buckets, f"{name}_count{{{labels}}}": f"0+{most}x60"}


def _gauge(series: str, bad: float, good: float, firing: int = 1) -> Case:
    """Of the same value all the time."""
    return Case({series: f"{bad}x60"}, {series: f"{good}x60"}, firing=firing)


def _grows(series: str, bad: int = 1, good: int = 0) -> Case:
    """A counter that grows by so much a minute."""
    return Case({series: f"0+{bad}x60"}, {series: f"0+{good}x60"})


def _refused(name: str, **labels: str) -> Case:
    """A counter of two control planes: one has been there all the time, one is new and begins with what it has."""
    more = "".join(f',{label}="{value}"' for label, value in labels.items())
    old, new = (f'{name}{{role="{role}",instance="{role}-1"{more}}}' for role in ("edge", "egress"))
    return Case({old: "0+1x60", new: "_x25 1x35"}, {old: "7x60", new: "_x25 0x35"}, firing=2)


def _up(down: str = "", unknown: str = "") -> dict[str, str]:
    return {
        f'up{{job="services",service="{service}",instance="{service}-1"}}': f"{int(service != down)}x60"
        for service in SERVICES
        if service != unknown
    }


def _slow(milliseconds: bool) -> dict[str, str]:
    return _histogram(
        "portico_http_request_seconds",
        'service="gateway",route="/api/v1/products/{id}"',
        {"0.25": 100 if milliseconds else 80, "1.0": 100},
    )


def _sagas(declined: int, deadline: int) -> dict[str, str]:
    return {
        'portico_saga_ended_total{outcome="CONFIRMED",reason="none"}': "0+90x60",
        'portico_saga_ended_total{outcome="CANCELLED",reason="payment_declined"}': f"0+{declined}x60",
        'portico_saga_ended_total{outcome="CANCELLED",reason="deadline_exceeded"}': f"0+{deadline}x60",
    }


def _pool(used: int) -> dict[str, str]:
    labels = 'service="order",instance="order-1"'
    return {
        f'portico_mongodb_pool_connections{{{labels},state="in_use"}}': f"{used}x60",
        f'portico_pool_limit{{{labels},pool="mongodb"}}': "50x60",
        f'portico_redis_pool_connections{{{labels},state="in_use"}}': f"{used // 2}x60",
        f'portico_pool_limit{{{labels},pool="redis"}}': "25x60",
    }


def _shop(orders: int) -> dict[str, str]:
    looks = 'portico_http_request_seconds_count{service="gateway",method="GET",route="/api/v1/products/{id}"}'
    return {looks: "0+60x60", "portico_orders_placed_total": f"5+{orders}x60"}


def _provider(unanswered: int) -> dict[str, str]:
    name = 'portico_payment_provider_call_seconds_count{provider="sandbox",operation="capture"'
    return {
        f'{name},outcome="none"}}': f"0+{unanswered}x60",
        f'{name},outcome="captured"}}': "0+60x60",
    }


CASES = {
    "ErrorBudgetBurnsFast": Case(_edge(98, 2, 60), _edge(1000, 1, 60)),
    "ErrorBudgetBurnsSlowly": Case(_edge(996, 4, 400), _edge(9999, 1, 400), "6h"),
    "LatencyBudgetBurns": Case(_slow(False), _slow(True)),
    "ServiceAbsent": Case(
        _up(down="payment", unknown="order"), _up(), firing=2, labels='service=~"payment|order"'
    ),
    "InstanceDown": Case(_up(down="payment"), _up()),
    "EnvoyDown": _gauge('up{job="envoy",role="edge",instance="edge:9902"}', 0, 1),
    "DependencyDown": _gauge('portico_dependency_up{service="order",dependency="mongodb"}', 0, 1),
    "EventLoopLags": Case(
        _histogram("portico_event_loop_lag_seconds", 'service="gateway"', {"0.5": 90, "1.0": 100}),
        _histogram("portico_event_loop_lag_seconds", 'service="gateway"', {"0.5": 100, "1.0": 100}),
    ),
    "PoolExhausted": Case(_pool(48), _pool(10), firing=2),
    "MongodbSlow": Case(
        _histogram(
            "portico_mongodb_command_seconds", 'service="order",command="find"', {"0.25": 90, "0.5": 100}
        ),
        _histogram(
            "portico_mongodb_command_seconds", 'service="order",command="find"', {"0.25": 100, "0.5": 100}
        )
        | _histogram(
            "portico_mongodb_command_seconds", 'service="order",command="getMore"', {"0.25": 9, "0.5": 99}
        ),
    ),
    "LogLinesDropped": _grows('portico_log_lines_dropped_total{service="order"}'),
    "DeadLetters": _gauge(
        'portico_dead_letters{service="order",queue="order.saga",kind="x",reason="attempts_exhausted"}', 3, 0
    ),
    "DeadLettersUncollected": Case(
        {'rabbitmq_detailed_queue_messages_ready{queue="order.dead-letters"}': "1x60"},
        {'rabbitmq_detailed_queue_messages_ready{queue="order.saga"}': "1x60"},
    ),
    "OutboxLags": _gauge('portico_outbox_oldest_seconds{service="order"}', 31, 5),
    "QueueGrows": Case(
        {'rabbitmq_detailed_queue_messages_ready{queue="order.saga"}': "1500x60"},
        {
            'rabbitmq_detailed_queue_messages_ready{queue="order.saga"}': "900x60",
            'rabbitmq_detailed_queue_messages_ready{queue="portico.delay.500"}': "1500x60",
        },
    ),
    "QueueWithoutConsumer": Case(
        {'rabbitmq_detailed_queue_consumers{queue="order.saga"}': "0x60"},
        {
            'rabbitmq_detailed_queue_consumers{queue="order.saga"}': "1x60",
            'rabbitmq_detailed_queue_consumers{queue="portico.delay.500"}': "0x60",
        },
    ),
    "MessagesOld": Case(
        _histogram("portico_message_age_seconds", 'queue="order.saga"', {"30": 50, "60": 100}),
        _histogram("portico_message_age_seconds", 'queue="order.saga"', {"30": 100, "60": 100}),
    ),
    "BrokerAlarm": _gauge('rabbitmq_alarms_memory_used_watermark{instance="rabbitmq:15692"}', 1, 0),
    "SagasStuck": _gauge('portico_sagas{state="stuck"}', 2, 0),
    "SagasFail": Case(_sagas(declined=5, deadline=10), _sagas(declined=40, deadline=2)),
    "SagasSlow": Case(
        _histogram("portico_saga_seconds", 'service="order"', {"5.0": 90, "10.0": 100}),
        _histogram("portico_saga_seconds", 'service="order"', {"5.0": 100, "10.0": 100}),
    ),
    "SweepFails": _grows('portico_sweep_failures_total{service="order",sweep="saga deadlines"}'),
    # Half-open is what it is most of the time while calls hang.
    "BreakerOpen": Case(
        {'portico_breaker_state{upstream="product"}': "2 1 1x58"},
        {'portico_breaker_state{upstream="product"}': "0x60"},
    ),
    "RateLimitsUncounted": _grows("portico_rate_limit_unavailable_total"),
    "RequestsShed": _grows('portico_shed_total{what="requests",reason="full"}', bad=120, good=30),
    "PagesDegraded": _grows('portico_sections_degraded_total{section="stock"}', bad=12, good=1),
    "EnvoyRefusesConfiguration": _refused("portico_xds_nacks_total", type="listener"),
    "SnapshotRefused": _refused("portico_xds_snapshots_refused_total"),
    "InstanceLeftOut": _gauge('portico_xds_instances_left_out{upstream="payment"}', 1, 0),
    # Of the egress nobody tells anything: there is no control plane that knows it.
    "EnvoyAlone": Case(
        {'portico_xds_connected_envoys{role="edge"}': "0x60"},
        {f'portico_xds_connected_envoys{{role="{role}"}}': "1x60" for role in ("edge", "egress")},
        firing=2,
    ),
    "ConfigurationRefused": _gauge('portico_config_valid{what="limits"}', 0, 1),
    "SigningKeyPending": _gauge("portico_signing_key_pending_seconds", 700, 60),
    "SigningKeyOld": _gauge("portico_signing_key_age_seconds", 92 * 86400, 90 * 86400),
    "LowStock": _gauge('portico_short_skus{shortage="low"}', 4, 0),
    "OrdersStop": Case(_shop(orders=0), _shop(orders=1)),
    "PaymentProviderFails": Case(_provider(30), _provider(3)),
}
