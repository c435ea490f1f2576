"""Each way that a payment can go, step by step."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import get_args

from services.contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentVoided,
    SandboxToken,
)
from services.payment.domain import Answer, Call, Command, Decision, Fact, Payment, begun
from services.payment.lifecycle import hear, obey, resume, wait
from services.payment.providers.sandbox import SCRIPTS
from tests.unit.payment.commands import AUTHORIZE, CAPTURE, IDS, POLICY, VOID

AUTHORIZED = PaymentAuthorized(**IDS)
CAPTURED = PaymentCaptured(**IDS)
CAPTURE_FAILED = PaymentCaptureFailed(**IDS)
DECLINED = PaymentDeclined(**IDS, reason="declined")
TIMED_OUT = PaymentDeclined(**IDS, reason="timeout")
VOIDED = PaymentVoided(**IDS, refunded=False)
REFUNDED = PaymentVoided(**IDS, refunded=True)


@dataclass
class Story:
    """One payment, the calls that were begun for it, and what was said of it."""

    now: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    known: Payment | None = None
    calls: list[Call] = field(default_factory=list)
    said: list[Answer] = field(default_factory=list)

    @property
    def payment(self) -> Payment:
        assert self.known
        return self.known

    @property
    def asked(self) -> list[str]:
        return [call.operation for call in self.calls]

    def take(self, decision: Decision) -> "Story":
        if call := begun(self.known, decision.payment):
            self.calls.append(call)
        self.said += decision.said
        self.known = decision.payment
        return self

    def tell(self, *commands: Command) -> "Story":
        for command in commands:
            self.take(obey(self.known, command, self.now, POLICY))
        return self

    def hear(self, *facts: Fact) -> "Story":
        for fact in facts:
            self.take(hear(self.payment, fact, self.now, POLICY))
        return self

    def silence(self, *, pending: bool = False, call: Call | None = None) -> "Story":
        return self.take(wait(self.payment, call or self.calls[-1], self.now, POLICY, pending=pending))

    def later(self, seconds: float) -> "Story":
        self.now += timedelta(seconds=seconds)
        return self.take(resume(self.payment, self.now, POLICY))


def authorized() -> Story:
    return Story().tell(AUTHORIZE).hear("authorized")


def captured() -> Story:
    return authorized().tell(CAPTURE).hear("captured")


def test_authorized_then_captured() -> None:
    story = captured()
    assert story.asked == ["authorize", "capture"]
    assert story.said == [AUTHORIZED, CAPTURED]
    assert [step.status for step in story.payment.timeline] == ["pending", "authorized", "captured"]


def test_declined() -> None:
    story = Story().tell(AUTHORIZE).hear("declined").tell(AUTHORIZE, CAPTURE, VOID)
    assert story.asked == ["authorize"]
    assert story.said == [DECLINED, DECLINED, CAPTURE_FAILED, VOIDED]


def test_every_command_is_answered_again_without_asking_again() -> None:
    story = authorized().tell(AUTHORIZE, CAPTURE, CAPTURE).hear("captured").tell(AUTHORIZE, CAPTURE)
    assert story.asked == ["authorize", "capture"]
    assert story.said == [AUTHORIZED, AUTHORIZED, CAPTURED, AUTHORIZED, CAPTURED]


def test_a_hold_is_voided_and_a_charge_refunded() -> None:
    held = authorized().tell(VOID, VOID).hear("voided").tell(VOID)
    assert (held.asked[1:], held.said[1:]) == (["void"], [VOIDED, VOIDED])
    taken = captured().tell(VOID, VOID).hear("refunded").tell(VOID)
    assert (taken.asked[2:], taken.said[2:]) == (["refund"], [REFUNDED, REFUNDED])


def test_a_void_that_overtakes_its_authorization_refuses_it() -> None:
    story = Story().tell(VOID, AUTHORIZE, CAPTURE)
    assert story.asked == []
    assert story.said == [VOIDED, DECLINED, CAPTURE_FAILED]


def test_a_void_waits_for_the_answer_that_is_on_its_way() -> None:
    story = Story().tell(AUTHORIZE, VOID)
    assert (story.asked, story.said) == (["authorize"], [])
    story.hear("authorized")
    assert (story.asked, story.said) == (["authorize", "void"], [])
    assert story.hear("voided").said == [VOIDED]
    assert Story().tell(AUTHORIZE, VOID).hear("declined").said == [VOIDED]


def test_a_void_waits_for_a_capture_that_is_on_its_way() -> None:
    taken = authorized().tell(CAPTURE, VOID).hear("captured", "refunded")
    assert (taken.asked[1:], taken.said[1:]) == (["capture", "refund"], [REFUNDED])
    refused = authorized().tell(CAPTURE, VOID).hear("capture_refused", "voided")
    assert (refused.asked[1:], refused.said[1:]) == (["capture", "void"], [VOIDED])


def test_a_void_does_not_wait_for_an_answer_that_may_never_come() -> None:
    unanswered = Story().tell(AUTHORIZE, VOID).silence()
    assert unanswered.asked == ["authorize", "void"]
    hesitating = Story().tell(AUTHORIZE).silence(pending=True).tell(VOID)
    assert hesitating.asked == ["authorize", "void"]
    orphaned = Story().tell(AUTHORIZE, VOID).later(9)
    assert orphaned.asked == ["authorize", "void"]


def test_what_cannot_be_voided_because_it_was_captured_is_refunded() -> None:
    story = authorized().tell(CAPTURE).silence().later(2).silence()
    assert story.said[1:] == [CAPTURE_FAILED]
    story.tell(VOID).hear("void_refused", "refunded")
    assert story.asked[1:] == ["capture", "capture", "void", "refund"]
    assert story.said[1:] == [CAPTURE_FAILED, REFUNDED]


def test_silence_is_asked_again_with_the_same_key_and_then_given_up() -> None:
    story = Story().tell(AUTHORIZE).silence()
    story.later(0.5)
    assert len(story.calls) == 1
    story.later(0.5).silence()
    assert story.asked == ["authorize", "authorize", "void"]
    assert story.calls[0].key == story.calls[1].key
    assert story.said == []
    assert story.hear("voided").said == [TIMED_OUT]
    assert [step.status for step in story.payment.timeline] == ["pending", "processing", "declined"]


def test_a_provider_that_hesitates_is_asked_again_later_and_then_given_up() -> None:
    story = Story().tell(AUTHORIZE).silence(pending=True).later(5).silence(pending=True)
    assert story.asked == ["authorize", "authorize"]
    assert story.later(5).asked == ["authorize", "authorize", "void"]
    assert story.hear("authorized").said == []
    assert story.hear("voided").said == [TIMED_OUT]


def test_what_somebody_who_died_was_asking_is_asked_again() -> None:
    story = Story().tell(AUTHORIZE).later(7)
    assert story.asked == ["authorize"]
    assert story.later(1).asked == ["authorize", "authorize"]
    assert story.later(8).asked == ["authorize", "authorize", "void"]


def test_the_silence_of_an_attempt_that_was_taken_over_means_nothing() -> None:
    story = Story().tell(AUTHORIZE).later(8)
    before = story.payment
    assert story.silence(call=story.calls[0]).payment == before


def test_giving_back_is_tried_without_end_and_with_growing_pauses() -> None:
    story = authorized().tell(VOID)
    pauses = []
    for _ in range(8):
        story.silence()
        assert story.payment.intent
        pauses.append((story.payment.intent.due_at - story.now).total_seconds())
        story.later(pauses[-1])
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert story.hear("voided").said[1:] == [VOIDED]


def test_an_authorization_that_comes_after_the_void_is_voided_by_itself() -> None:
    story = authorized().tell(VOID).hear("voided", "authorized")
    assert story.asked == ["authorize", "void", "void"]
    assert story.hear("voided").said == [AUTHORIZED, VOIDED]
    assert story.payment.intent is None


def test_a_capture_that_comes_after_the_void_is_refunded_by_itself() -> None:
    story = authorized().tell(VOID).hear("voided", "captured", "captured")
    assert story.asked == ["authorize", "void", "refund"]
    assert story.hear("refunded").said == [AUTHORIZED, VOIDED]
    assert story.payment.status == "refunded"


def test_a_capture_that_comes_while_it_is_voided_is_refunded() -> None:
    story = authorized().tell(VOID).hear("captured", "voided", "refunded")
    assert story.asked == ["authorize", "void", "refund"]
    assert story.said == [AUTHORIZED, REFUNDED]


def test_a_webhook_may_come_before_the_answer_and_more_than_once() -> None:
    story = Story().tell(AUTHORIZE).hear("authorized", "authorized").tell(CAPTURE).hear("authorized")
    assert story.said == [AUTHORIZED]
    assert story.hear("captured", "authorized", "captured", "declined").said == [AUTHORIZED, CAPTURED]


def test_a_capture_may_be_heard_of_before_its_authorization() -> None:
    story = Story().tell(AUTHORIZE).hear("captured", "authorized").tell(CAPTURE)
    assert story.asked == ["authorize"]
    assert story.said == [AUTHORIZED, CAPTURED]


def test_a_capture_that_is_refused_leaves_the_hold_to_be_voided() -> None:
    story = authorized().tell(CAPTURE).hear("capture_refused").tell(CAPTURE, VOID).hear("voided")
    assert story.asked == ["authorize", "capture", "void"]
    assert story.said == [AUTHORIZED, CAPTURE_FAILED, CAPTURE_FAILED, VOIDED]


def test_a_refund_that_somebody_makes_at_the_provider_is_noticed() -> None:
    story = captured().hear("refunded").tell(VOID)
    assert story.asked == ["authorize", "capture"]
    assert story.said[2:] == [REFUNDED]


def test_a_tombstone_hears_nothing() -> None:
    story = Story().tell(VOID)
    before = story.payment
    assert story.hear("authorized", "captured").payment == before


def test_the_token_is_not_shown_and_not_kept() -> None:
    story = Story().tell(AUTHORIZE)
    assert "tok_" not in repr(story.payment)
    assert "tok_" not in repr(story.calls[0])
    assert "tok_" not in story.hear("authorized").payment.model_dump_json()


def test_the_sandbox_has_a_script_for_every_token() -> None:
    assert set(SCRIPTS) == set(get_args(SandboxToken))
