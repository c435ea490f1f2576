"""What is owed under which rule: counted in Redis, for all gateways together, and by its clock."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import orjson

from gateway.edge.rules import Charge, Verdict
from gateway.redis.store import Store
from observability.tracing import untraced
from services.chassis.batches import Batches
from services.chassis.errors import Unavailable

_AT_ONCE: Final = 200

_CHARGE: Final = """
-- KEYS are what is owed to; ARGV is [[[interval, burst] of each key], [[places of its keys] of each request]].
-- A request that counts more than once has a place as often.
local rules, requests = unpack(cjson.decode(ARGV[1]))
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local debts, changed, answers = {}, {}, {}

for place, key in ipairs(KEYS) do
    local paid_at = tonumber(redis.call('GET', key) or now)
    debts[place] = math.max(0, paid_at - now)
    -- A limit that was changed, or a clock that was set back, must not lock anybody out.
    if debts[place] > rules[place][2] then
        debts[place] = rules[place][2]
        changed[place] = true
    end
end

for number, places in ipairs(requests) do
    local admitted, answer, owed = true, {}, {}
    for _, place in ipairs(places) do
        local interval, burst = unpack(rules[place])
        owed[place] = (owed[place] or debts[place]) + interval
        admitted = admitted and owed[place] <= burst
    end
    for i, place in ipairs(places) do
        if admitted then
            debts[place] = debts[place] + rules[place][1]
            changed[place] = true
            answer[i] = debts[place]
        else
            answer[i] = owed[place] - rules[place][1]
        end
    end
    answers[number] = {admitted, answer}
end

for place in pairs(changed) do
    local paid_at, rest = string.format('%.0f', now + debts[place]), math.ceil(debts[place] / 1000)
    redis.call('SET', KEYS[place], paid_at, 'PX', rest)
end
return cjson.encode(answers)
"""


class Counters:
    """Charges requests: those that come while Redis is being asked are charged together, in the order they came."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        # One slot of a cluster, so that one script may count them all.
        self._space = f"{prefix}{{limits}}:"
        self._batches = Batches[Sequence[Charge], Verdict]("rate limits", self._charge_all, _AT_ONCE)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Charge while inside."""
        return self._batches.running()

    async def charge(self, charges: Sequence[Charge]) -> Verdict:
        """Charge one request to all of these, or to none of them. Raises Unavailable without Redis."""
        if self._store.away:
            raise Unavailable("redis does not answer")
        return await self._batches.submit(charges)

    async def _charge_all(self, requests: Sequence[Sequence[Charge]]) -> list[Verdict]:
        places: dict[Charge, int] = {}
        asked = [[places.setdefault(charge, len(places) + 1) for charge in charges] for charges in requests]
        question = orjson.dumps(([(charge.rule.interval, charge.rule.burst) for charge in places], asked))
        with untraced():
            async with self._store.reached() as redis:
                answer = await redis.register_script(_CHARGE)(
                    [self._space + charge.key for charge in places], [question]
                )
        return [
            Verdict.of(charges, admitted, debts)
            for charges, (admitted, debts) in zip(requests, orjson.loads(answer), strict=True)
        ]
