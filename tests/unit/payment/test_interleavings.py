"""A payment and its provider, with everything that can be lost, late, repeated or out of order between them."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.contracts.message import Message
from services.contracts.payment import (
    AuthorizePayment,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentVoided,
    VoidPayment,
)
from services.payment.domain import Answer, Call, Command, Decision, Fact, Payment, begun
from services.payment.lifecycle import hear, obey, resume, wait
from services.payment.providers.port import Outcome
from services.payment.use_cases import FACTS
from tests.unit.payment.commands import AUTHORIZE, CAPTURE, POLICY, VOID

pick = st.integers(0, 7)


class Provider:
    """The truth about the money. A careless one may still do what was on its way when it was voided."""

    def __init__(self, *, declines: bool, hesitates: bool, captures: bool, careless: bool) -> None:
        self.state = "none"
        self.charges = 0
        self.refunds = 0
        self.webhooks: list[Fact] = []
        self._declines = declines
        self._hesitates = hesitates
        self._captures = captures
        self._careless = careless

    def ask(self, call: Call) -> Outcome:
        match call.operation:
            case "authorize":
                return self._authorize()
            case "capture":
                return self._capture()
            case "void":
                return self._void()
            case "refund":
                return self._refund()

    def approve(self) -> None:
        if self.state == "opening":
            self.state = "held"
            self.webhooks.append("authorized")

    def _authorize(self) -> Outcome:
        if self.state == "none" or (self.state == "voided" and self._careless):
            self.state = "declined" if self._declines else "opening" if self._hesitates else "held"
            if self.state != "opening":
                self.webhooks.append("declined" if self._declines else "authorized")
        if self.state == "opening":
            return Outcome.PENDING
        return Outcome.DECLINED if self.state in ("declined", "voided") else Outcome.APPROVED

    def _capture(self) -> Outcome:
        takes = ("held", "voided") if self._careless else ("held",)
        if self.state in takes and self._captures:
            self.state = "captured"
            self.charges += 1
            self.webhooks.append("captured")
        return Outcome.APPROVED if self.state == "captured" else Outcome.DECLINED

    def _void(self) -> Outcome:
        if self.state in ("captured", "refunded"):
            return Outcome.DECLINED
        self.state = "voided"
        return Outcome.APPROVED

    def _refund(self) -> Outcome:
        if self.state == "captured":
            self.state = "refunded"
            self.refunds += 1
            self.webhooks.append("refunded")
        return Outcome.APPROVED if self.state == "refunded" else Outcome.DECLINED


class Interleavings(RuleBasedStateMachine):
    """Calls are on their way to the provider, then answers are on their way back; either may never arrive."""

    @initialize(
        declines=st.booleans(),
        hesitates=st.booleans(),
        captures=st.booleans(),
        careless=st.booleans(),
        tells=st.booleans(),
    )
    def begin(self, declines: bool, hesitates: bool, captures: bool, careless: bool, tells: bool) -> None:
        self.provider = Provider(declines=declines, hesitates=hesitates, captures=captures, careless=careless)
        # Of what a careless one does too late, nothing but its webhooks can tell.
        self.tells = tells or careless
        self.keys: dict[str, set[str]] = {
            "authorize": set(),
            "capture": set(),
            "void": set(),
            "refund": set(),
        }
        self.now = datetime(2030, 1, 1, tzinfo=UTC)
        self.payment: Payment | None = None
        self.calls: list[Call] = []
        self.answers: list[tuple[Call, Outcome]] = []
        self.said: list[tuple[int, Answer]] = []
        self.asked: set[type[Command]] = set()

    def _take(self, decision: Decision) -> None:
        if call := begun(self.payment, decision.payment):
            self.calls.append(call)
            self.keys[call.operation].add(call.key)
        if decision.said:
            self.said.extend((decision.payment.version, answer) for answer in decision.said)
        self.payment = decision.payment

    def _answered(self, call: Call, outcome: Outcome) -> None:
        assert self.payment
        fact = FACTS.get((call.operation, outcome))
        if fact:
            self._take(hear(self.payment, fact, self.now, POLICY))
        else:
            pending = outcome is Outcome.PENDING
            self._take(wait(self.payment, call, self.now, POLICY, pending=pending))

    @rule(command=st.sampled_from([AUTHORIZE, CAPTURE, VOID]))
    def ask(self, command: Command) -> None:
        self.asked.add(type(command))
        self._take(obey(self.payment, command, self.now, POLICY))

    @rule()
    def order_goes_on(self) -> None:
        """What a saga does, so that the far end is reached often."""
        last = self.said[-1][1] if self.said else None
        if self.payment is None:
            self.ask(AUTHORIZE)
        elif isinstance(last, PaymentAuthorized):
            self.ask(CAPTURE)

    @precondition(lambda self: self.calls)
    @rule(which=pick, lost=st.booleans(), again=st.booleans())
    def a_call_arrives(self, which: int, lost: bool, again: bool) -> None:
        call = self.calls[which % len(self.calls)]
        if not again:
            self.calls.remove(call)
        outcome = self.provider.ask(call)
        if not lost:
            self.answers.append((call, outcome))

    @precondition(lambda self: self.answers)
    @rule(which=pick)
    def an_answer_arrives(self, which: int) -> None:
        self._answered(*self.answers.pop(which % len(self.answers)))

    @precondition(lambda self: self.calls or self.answers)
    @rule(which=pick)
    def patience_ends(self, which: int) -> None:
        """The caller waits no longer; the call or its answer may still be on its way."""
        assert self.payment
        calls = [*self.calls, *(call for call, _ in self.answers)]
        call = calls[which % len(calls)]
        self._take(wait(self.payment, call, self.now, POLICY, pending=False))

    @rule()
    def the_provider_makes_up_its_mind(self) -> None:
        self.provider.approve()

    @precondition(lambda self: self.provider.webhooks)
    @rule(which=pick)
    def a_webhook_arrives(self, which: int) -> None:
        """In any order, any number of times."""
        assert self.payment
        fact = self.provider.webhooks[which % len(self.provider.webhooks)]
        self._take(hear(self.payment, fact, self.now, POLICY))

    @rule(seconds=st.sampled_from([1, 5, 10]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        if self.payment:
            self._take(resume(self.payment, self.now, POLICY))

    @invariant()
    def never_charged_twice(self) -> None:
        assert self.provider.charges <= 1
        assert len(self.keys["authorize"]) <= 1
        assert len(self.keys["capture"]) <= 1
        assert self.provider.refunds <= self.provider.charges

    @invariant()
    def what_is_said_is_said_in_order(self) -> None:
        assert len({version for version, _ in self.said}) == len(self.said)
        kinds = [type(answer) for _, answer in self.said]
        if PaymentVoided in kinds:
            after = kinds[kinds.index(PaymentVoided) :]
            assert PaymentAuthorized not in after
            assert PaymentCaptured not in after

    @invariant()
    def a_token_is_kept_no_longer_than_it_serves(self) -> None:
        if self.payment and self.payment.terms and not self.payment.asks("authorize"):
            assert self.payment.terms.token == ""

    def teardown(self) -> None:
        if not hasattr(self, "payment") or self.payment is None:
            return
        self._come_to_rest()
        if any(isinstance(answer, PaymentCaptureFailed) for _, answer in self.said):
            self.ask(VOID)
            self._come_to_rest()
        self._check()

    def _come_to_rest(self) -> None:
        """The provider answers, and everything that was on its way arrives."""
        assert self.payment
        heard = 0
        for _ in range(200):
            while self.calls:
                call = self.calls.pop()
                self._answered(call, self.provider.ask(call))
            while self.answers:
                self._answered(*self.answers.pop())
            self.provider.approve()
            for fact in self.provider.webhooks[heard:] if self.tells else ():
                self._take(hear(self.payment, fact, self.now, POLICY))
            heard = len(self.provider.webhooks)
            if self.payment.intent is None:
                return
            self.time_passes(10)
        raise AssertionError(f"{self.payment} does not come to rest")

    def _check(self) -> None:
        assert self.payment
        assert self.payment.owes is None
        said: set[type[Message]] = {type(answer) for _, answer in self.said}
        state = self.provider.state
        if VoidPayment in self.asked:
            assert PaymentVoided in said
        if not said.isdisjoint({PaymentVoided, PaymentDeclined}):
            assert state not in ("held", "captured", "opening")
        if self.payment.status == "captured":
            assert state == "captured"
        if state == "captured":
            assert self.payment.status == "captured"
        if state == "held":
            assert self.payment.status == "authorized"
        if AuthorizePayment in self.asked:
            assert not said.isdisjoint({PaymentAuthorized, PaymentDeclined, PaymentVoided})


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=200, stateful_step_count=40)
