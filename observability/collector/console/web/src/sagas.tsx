/** Sagas: those that are not over, and everything about one. */

import { useState } from "preact/hooks";
import { ask, useData, withQuery } from "./api";
import { moment } from "./format";
import { LetterTable } from "./letters";
import { go, href } from "./router";
import { Operators } from "./session";
import type { Listed, Saga, SagaPage } from "./types";
import { Ask, Badge, Choice, Empty, Facts, Head, Shown } from "./ui";

const SAGAS = "/api/admin/sagas";
const PHASES = ["reserving", "authorizing", "confirming", "capturing", "fulfilled", "compensating"];

export function Sagas(props: { id: string | undefined; query: Record<string, string> }) {
  return <Operators>{props.id ? <One id={props.id} /> : <All query={props.query} />}</Operators>;
}

function All(props: { query: Record<string, string> }) {
  const { query } = props;
  const set = (changes: Record<string, string>) => go("sagas", { ...query, ...changes });
  const found = useData<Listed<Saga>>(
    withQuery(SAGAS, { stuck: query["stuck"], phase: query["phase"], cursor: query["cursor"], limit: 50 }),
    5,
  );
  const look = (event: Event) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("order") as HTMLInputElement;
    if (field.value.trim()) go(`sagas/${encodeURIComponent(field.value.trim())}`);
  };
  return (
    <>
      <Head title="Sagas that are not over">
        <button onClick={found.again}>Look again</button>
      </Head>
      <div class="card filters">
        <Choice
          label="Phase"
          value={query["phase"] ?? ""}
          options={[["", "any"], ...PHASES.map((one): [string, string] => [one, one])]}
          change={(phase) => set({ phase, cursor: "" })}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={query["stuck"] === "true"}
            onChange={(event) => set({ stuck: event.currentTarget.checked ? "true" : "", cursor: "" })}
          />
          <span>stuck ones only</span>
        </label>
        <form onSubmit={look}>
          <label>
            <span>Any order, also one that is over</span>
            <input name="order" type="search" placeholder="order id, Enter" spellcheck={false} />
          </label>
        </form>
      </div>
      <section class="card">
        <Shown
          of={found}
          empty={({ items }) => (items.length ? null : <Empty title="All sagas are over.">An order that is placed shows up here until it ends.</Empty>)}
        >
          {(page) => (
            <>
              <SagaTable items={page.items} />
              {page.next_cursor && <button onClick={() => set({ cursor: page.next_cursor! })}>Further ones</button>}
            </>
          )}
        </Shown>
      </section>
    </>
  );
}

function SagaTable(props: { items: Saga[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Order</th>
            <th>Placed</th>
            <th>Status</th>
            <th>Waits for</th>
            <th>Is looked at</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {props.items.map((one) => (
            <tr key={one.order_id} onClick={() => go(`sagas/${one.order_id}`)}>
              <td>
                <a href={href(`sagas/${one.order_id}`)}>
                  <code>{one.order_id}</code>
                </a>
              </td>
              <td>{moment(one.created_at)}</td>
              <td>{one.status ?? "–"}</td>
              <td>{one.phase ?? "–"}</td>
              <td>{moment(one.wake_at)}</td>
              <td>
                {one.stuck && <Badge kind="bad">stuck</Badge>} {!one.readable && <Badge kind="bad">unreadable</Badge>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function One(props: { id: string }) {
  const page = useData<SagaPage>(`${SAGAS}/${encodeURIComponent(props.id)}`, 5);
  const [asking, setAsking] = useState<"resume" | "compensation">();
  const act = async (what: string, body?: unknown) => {
    await ask("POST", `${SAGAS}/${encodeURIComponent(props.id)}/${what}`, body);
    page.again();
  };
  return (
    <Shown of={page}>
      {(one) => (
        <>
          <Head title={<>Order <code>{one.order_id}</code></>}>
            {one.saga && <Badge kind={one.saga.stuck ? "bad" : "plain"}>{one.saga.status ?? "unreadable"}</Badge>}
            <a class="button" href={href(`find/${one.order_id}`)}>
              Its traces and logs
            </a>
            {one.saga?.wake_at && <button onClick={() => setAsking("resume")}>Ask again</button>}
            {one.saga?.wake_at && one.saga.phase !== "compensating" && (
              <button onClick={() => setAsking("compensation")}>Turn back</button>
            )}
          </Head>
          {one.degraded.length > 0 && <p class="notice bad">Could not be had at this moment: {one.degraded.join(", ")}.</p>}
          <div class="columns">
            <section class="card">
              <h2>What happened</h2>
              <Timeline page={one} />
            </section>
            <div>
              {one.saga && <State saga={one.saga} />}
              {one.payment && <Payment payment={one.payment} />}
              {one.reservation && <Reservation reservation={one.reservation} />}
            </div>
          </div>
          {one.dead_letters && one.dead_letters.length > 0 && (
            <section class="card">
              <h2>Dead letters about it</h2>
              <LetterTable items={one.dead_letters} />
            </section>
          )}
          {asking === "resume" && (
            <Ask
              title="Ask again for what it waits for?"
              text="The same things are asked under the same ids, so nothing is done twice. It gets at least 10 s more."
              action="Ask again"
              close={() => setAsking(undefined)}
              act={() => act("resume")}
            />
          )}
          {asking === "compensation" && (
            <Ask
              title="Turn it back?"
              text="What was done for the order is undone, then it is cancelled."
              reason="Why"
              action="Turn back"
              close={() => setAsking(undefined)}
              act={(reason) => act("compensation", { reason })}
            />
          )}
        </>
      )}
    </Shown>
  );
}

function Timeline(props: { page: SagaPage }) {
  const { events } = props.page;
  const first = events[0] ? Date.parse(events[0].at) : 0;
  return (
    <ol class="timeline">
      {events.map((event) => (
        <li key={event.sequence} class={/cancel|declin|reject|fail|compens/.test(event.type) ? "bad" : ""}>
          <b>{event.type.replaceAll("_", " ")}</b>
          <time>{`${moment(event.at)}, after ${((Date.parse(event.at) - first) / 1000).toFixed(2)} s`}</time>
          {Object.keys(event.details).length > 0 && <small>{details(event.details)}</small>}
        </li>
      ))}
    </ol>
  );
}

function details(of: Record<string, unknown>): string {
  return Object.entries(of)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ")
    .slice(0, 400);
}

function State(props: { saga: Saga }) {
  const { saga } = props;
  return (
    <section class="card">
      <h2>The saga</h2>
      <Facts
        of={[
          ["phase", saga.phase ?? "–"],
          ["reason", saga.reason ?? "–"],
          ["has to be undone", saga.undo.join(", ") || "nothing"],
          ["deadline", moment(saga.deadline)],
          ["is looked at", moment(saga.wake_at)],
        ]}
      />
    </section>
  );
}

function Payment(props: { payment: NonNullable<SagaPage["payment"]> }) {
  const { payment } = props;
  const sum = payment.amount && `${(payment.amount.amount / 100).toFixed(2)} ${payment.amount.currency}`;
  return (
    <section class="card">
      <h2>Its payment</h2>
      <Facts
        of={[
          ["status", payment.status],
          ["amount", sum ?? "–"],
          ["provider", `${payment.provider ?? "–"}, asked ${payment.asked} times`],
          ["owes", payment.owes ?? "nothing"],
          ["steps", payment.timeline.map((step) => `${step.status} ${moment(step.at)}`).join(" · ")],
        ]}
      />
    </section>
  );
}

function Reservation(props: { reservation: NonNullable<SagaPage["reservation"]> }) {
  const { reservation } = props;
  return (
    <section class="card">
      <h2>Its goods</h2>
      <Facts
        of={[
          ["state", reservation.state],
          ["held", reservation.held.map((one) => `${one.quantity} × ${one.sku}`).join(", ") || "nothing"],
          ["short of", reservation.short.join(", ") || "nothing"],
        ]}
      />
    </section>
  );
}
