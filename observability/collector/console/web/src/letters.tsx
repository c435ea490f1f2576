/** Dead letters: found, looked at, brought back or discarded. */

import { useState } from "preact/hooks";
import { ask, useData, withQuery } from "./api";
import { moment } from "./format";
import { go, href } from "./router";
import { Operators } from "./session";
import type { Letter, Listed, WholeLetter } from "./types";
import { Ask, Badge, Choice, Empty, Facts, Field, Head, Service, Shown } from "./ui";

const LETTERS = "/api/admin/dead-letters";
const STATES: [string, string][] = [
  ["dead", "dead"],
  ["replayed", "brought back"],
  ["discarded", "discarded"],
  ["any", "any"],
];
const REASONS: [string, string][] = [
  ["", "any"],
  ["incomprehensible", "incomprehensible"],
  ["attempts_exhausted", "attempts exhausted"],
  ["unknown", "unknown"],
];
const KIND = { dead: "bad", replayed: "good", discarded: "plain" } as const;

export function Letters(props: { id: string | undefined; query: Record<string, string> }) {
  return <Operators>{props.id ? <One id={props.id} /> : <All query={props.query} />}</Operators>;
}

function All(props: { query: Record<string, string> }) {
  const { query } = props;
  const [replaying, setReplaying] = useState(false);
  const set = (changes: Record<string, string>) => go("letters", { ...query, ...changes });
  const state = query["state"] ?? "dead";
  const filter = { queue: query["queue"], reason: query["reason"], order_id: query["order_id"] };
  const found = useData<Listed<Letter>>(
    withQuery(LETTERS, { ...filter, state: state === "any" ? "" : state, cursor: query["cursor"], limit: 50 }),
    10,
  );
  return (
    <>
      <Head title="Dead letters">
        {state === "dead" && (found.data?.items.length ?? 0) > 0 && (
          <button onClick={() => setReplaying(true)}>Bring back all that fit</button>
        )}
        <button onClick={found.again}>Look again</button>
      </Head>
      <div class="card filters">
        <Choice label="State" value={state} options={STATES} change={(value) => set({ state: value, cursor: "" })} />
        <Choice label="Reason" value={query["reason"] ?? ""} options={REASONS} change={(reason) => set({ reason, cursor: "" })} />
        <Field label="Queue" value={query["queue"] ?? ""} placeholder="order.saga" change={(queue) => set({ queue, cursor: "" })} />
        <Field label="Order" value={query["order_id"] ?? ""} change={(order_id) => set({ order_id, cursor: "" })} />
      </div>
      <section class="card">
        <Shown
          of={found}
          empty={({ items }) =>
            items.length ? null : <Empty title="There are none.">Every message that fits these conditions was handled.</Empty>
          }
        >
          {(page) => (
            <>
              <LetterTable items={page.items} />
              {page.next_cursor && <button onClick={() => set({ cursor: page.next_cursor! })}>Older ones</button>}
            </>
          )}
        </Shown>
      </section>
      {replaying && (
        <Ask
          title="Bring them back?"
          text="Every dead letter that fits goes to the queue where it died, a hundred at once, those that died first before the others."
          action="Bring back"
          close={() => setReplaying(false)}
          act={async () => {
            await ask("POST", `${LETTERS}/replay`, present(filter));
            found.again();
          }}
        />
      )}
    </>
  );
}

function present(filter: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter((pair): pair is [string, string] => Boolean(pair[1])));
}

export function LetterTable(props: { items: Letter[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Died</th>
            <th>Queue</th>
            <th>Message</th>
            <th>Reason</th>
            <th class="number">Attempts</th>
            <th class="number">Deaths</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {props.items.map((one) => (
            <tr key={one.id} onClick={() => go(`letters/${one.id}`)}>
              <td>{moment(one.died_at)}</td>
              <td>
                <Service name={one.service} /> {one.queue}
              </td>
              <td>
                <a href={href(`letters/${one.id}`)}>{one.kind || one.message_id}</a>
              </td>
              <td>{one.reason.replace("_", " ")}</td>
              <td class="number">{one.attempts}</td>
              <td class="number">{one.deaths}</td>
              <td>
                <Badge kind={KIND[one.state]}>{one.state}</Badge>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Deed {
  id: string;
  at: string;
  user_id: string;
  action: string;
  details: Record<string, unknown>;
  outcome: string;
}

function One(props: { id: string }) {
  const letter = useData<WholeLetter>(`${LETTERS}/${encodeURIComponent(props.id)}`, 10);
  const deeds = useData<Listed<Deed>>(withQuery("/api/admin/audit", { subject: props.id }), 10);
  const [asking, setAsking] = useState<"replay" | "discard">();
  const act = async (what: string, body?: unknown) => {
    await ask("POST", `${LETTERS}/${encodeURIComponent(props.id)}/${what}`, body);
    letter.again();
    deeds.again();
  };
  return (
    <Shown of={letter}>
      {(one) => (
        <>
          <Head title={one.kind || "A message of unknown kind"}>
            <Badge kind={KIND[one.state]}>{one.state}</Badge>
            {one.replayable && <button onClick={() => setAsking("replay")}>Bring back</button>}
            {one.state === "dead" && <button onClick={() => setAsking("discard")}>Discard</button>}
          </Head>
          <div class="columns">
            <section class="card">
              <h2>What it is</h2>
              <Facts
                of={[
                  ["died", moment(one.died_at)],
                  ["queue", one.queue],
                  ["reason", `${one.reason.replace("_", " ")}, after ${one.attempts} attempts`],
                  ["message", <code>{one.message_id}</code>],
                  ["order", one.order_id ? <a href={href(`sagas/${one.order_id}`)}>{one.order_id}</a> : "–"],
                  ["trace", <a href={href(`traces/${one.traceparent.slice(3, 35)}`)}>{one.traceparent.slice(3, 35) || "–"}</a>],
                  ["correlation id", <a href={href("logs", { correlation_id: one.correlation_id, minutes: "" })}>{one.correlation_id || "–"}</a>],
                ]}
              />
              <h2>What it says</h2>
              <pre>{readable(one)}</pre>
            </section>
            <section class="card">
              <h2>How it failed</h2>
              {one.history.length ? <ol class="history">{one.history.map((line) => <li key={line}>{line}</li>)}</ol> : <p>It was not tried.</p>}
              <h2>Its headers</h2>
              <Facts of={Object.entries(one.headers).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)])} />
              <h2>What was done</h2>
              <Shown of={deeds} empty={({ items }) => (items.length ? null : <p>Nothing yet.</p>)}>
                {({ items }) => (
                  <ol class="history">
                    {items.map((deed) => (
                      <li key={deed.id}>
                        {moment(deed.at)}: {deed.action} → {deed.outcome} {deed.details["note"] ? `(${deed.details["note"]})` : ""}
                      </li>
                    ))}
                  </ol>
                )}
              </Shown>
            </section>
          </div>
          {asking === "replay" && (
            <Ask
              title="Bring it back?"
              text={`It goes to ${one.queue} under the id that it had, so what it did before is not done twice.`}
              action="Bring back"
              close={() => setAsking(undefined)}
              act={() => act("replay")}
            />
          )}
          {asking === "discard" && (
            <Ask
              title="Discard it?"
              text="It can still be brought back for 30 days."
              reason="Why"
              action="Discard"
              close={() => setAsking(undefined)}
              act={(note) => act("discard", { note })}
            />
          )}
        </>
      )}
    </Shown>
  );
}

function readable(letter: WholeLetter): string {
  if (letter.encoding !== "utf-8") return letter.body;
  try {
    return JSON.stringify(JSON.parse(letter.body), null, 2);
  } catch {
    return letter.body;
  }
}
