"""What goes through RabbitMQ, and what does not get through."""

from observability.grafana.boards.questions import WORK, p99
from observability.grafana.panels import Json, Query, Row, dashboard, lines


def messaging() -> Json:
    """The dashboard."""
    queues = Row(
        "Queues",
        (
            lines(
                "Waiting",
                Query(f"sum by (queue) (rabbitmq_detailed_queue_messages_ready{{{WORK}}})", "{{queue}}"),
            ),
            lines(
                "In hand",
                Query(f"sum by (queue) (rabbitmq_detailed_queue_messages_unacked{{{WORK}}})", "{{queue}}"),
            ),
            lines(
                "Consumers",
                Query(f"sum by (queue) (rabbitmq_detailed_queue_consumers{{{WORK}}})", "{{queue}}"),
            ),
            lines(
                "Age at delivery, 95 in 100",
                Query(p99("portico_message_age_seconds", "queue", share=0.95), "{{queue}}"),
                unit="s",
            ),
            lines(
                "Time to handle a batch, 99 in 100",
                Query(p99("portico_message_handling_seconds", "queue"), "{{queue}}"),
                unit="s",
            ),
            lines(
                "Messages in a batch",
                Query(
                    "sum by (queue) (rate(portico_message_batch_size_sum[5m])) / sum by (queue) (rate(portico_message_batch_size_count[5m]))",
                    "{{queue}}",
                ),
            ),
        ),
    )
    outcomes = Row(
        "Outcomes",
        (
            lines(
                "Published", Query("sum by (kind) (rate(portico_messages_published_total[1m]))", "{{kind}}")
            ),
            lines(
                "Handled",
                Query(
                    "sum by (queue, outcome) (rate(portico_messages_handled_total[1m]))",
                    "{{queue}} {{outcome}}",
                ),
            ),
            lines(
                "Dead letters", Query("max by (queue, reason) (portico_dead_letters)", "{{queue}} {{reason}}")
            ),
        ),
    )
    outbox = Row(
        "Outbox and broker",
        (
            lines("Not yet published", Query("sum by (service) (portico_outbox_pending)", "{{service}}")),
            lines(
                "The oldest of them",
                Query("max by (service) (portico_outbox_oldest_seconds)", "{{service}}"),
                unit="s",
            ),
            lines(
                "Waiting for a retry, unrouted, dead",
                Query(
                    'sum by (queue) (rabbitmq_detailed_queue_messages_ready{queue=~"portico[.].*|.*[.]dead-letters"})',
                    "{{queue}}",
                ),
            ),
            lines(
                "Memory of the broker",
                Query("max by (instance) (rabbitmq_process_resident_memory_bytes)", "{{instance}}"),
                unit="bytes",
            ),
            lines(
                "Alarms of the broker",
                Query("max(rabbitmq_alarms_memory_used_watermark)", "memory"),
                Query("max(rabbitmq_alarms_free_disk_space_watermark)", "disk"),
            ),
        ),
    )
    return dashboard("messaging", "Messaging", "What goes through RabbitMQ.", (queues, outcomes, outbox))
