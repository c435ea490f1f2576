/** Looking for traces. */

import { useData, withQuery } from "./api";
import { ago, duration, time } from "./format";
import { go, href } from "./router";
import type { Overview } from "./types";
import { Badge, Choice, Empty, Field, Head, RANGES, Service, Shown, since } from "./ui";

const SORTS: [string, string][] = [
  ["", "newest first"],
  ["duration", "longest first"],
  ["spans", "most spans first"],
];

export function Traces(props: { query: Record<string, string> }) {
  const { query } = props;
  const set = (changes: Record<string, string>) => go("traces", { ...query, ...changes });
  const services = useData<{ data: string[] }>("/api/services", 30);
  const operations = useData<{ data: { name: string }[] }>(
    query["service"] ? withQuery("/api/operations", { service: query["service"] }) : null,
  );
  const found = useData<{ items: Overview[] }>(
    withQuery("/api/console/traces", {
      service: query["service"],
      operation: query["operation"],
      subject: query["subject"],
      tags: tags(query["tags"]),
      minDuration: query["longer"],
      error: query["error"],
      start: since(query["minutes"] ?? "60"),
      limit: query["limit"] ?? "50",
    }),
    10,
  );
  const names = [...new Set((operations.data?.data ?? []).map((one) => one.name))];
  return (
    <>
      <Head title="Traces">
        <button onClick={found.again}>Look again</button>
      </Head>
      <div class="card filters">
        <Choice
          label="Service"
          value={query["service"] ?? ""}
          options={[["", "any"], ...(services.data?.data ?? []).map((one): [string, string] => [one, one])]}
          change={(service) => set({ service, operation: "" })}
        />
        <Choice
          label="Operation"
          value={query["operation"] ?? ""}
          options={[["", "any"], ...names.map((one): [string, string] => [one, one])]}
          change={(operation) => set({ operation })}
        />
        <Field label="About" value={query["subject"] ?? ""} placeholder="order id" change={(subject) => set({ subject })} />
        <Field label="Tags" value={query["tags"] ?? ""} placeholder="http.status_code=500" change={(value) => set({ tags: value })} />
        <Field label="Longer than" value={query["longer"] ?? ""} placeholder="200ms" change={(longer) => set({ longer })} />
        <Choice label="When" value={query["minutes"] ?? "60"} options={RANGES} change={(minutes) => set({ minutes })} />
        <Choice label="Order" value={query["sort"] ?? ""} options={SORTS} change={(sort) => set({ sort })} />
        <label class="check">
          <input
            type="checkbox"
            checked={query["error"] === "true"}
            onChange={(event) => set({ error: event.currentTarget.checked ? "true" : "" })}
          />
          <span>with errors</span>
        </label>
      </div>
      <section class="card">
        <Shown of={found} empty={({ items }) => (items.length ? null : <Nothing />)}>
          {({ items }) => <TraceTable items={sorted(items, query["sort"] ?? "")} />}
        </Shown>
      </section>
    </>
  );
}

function Nothing() {
  return (
    <Empty title="No trace fits.">
      Choose a longer time or fewer conditions. Under load the platform records a part of its traces only.
    </Empty>
  );
}

/** `a=b c=d` as Jaeger's API wants it. */
function tags(text = ""): string {
  const pairs = text.split(/\s+/).filter((part) => part.includes("="));
  return pairs.length ? JSON.stringify(Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)))) : "";
}

function sorted(items: Overview[], by: string): Overview[] {
  if (by === "duration" || by === "spans") return [...items].sort((one, other) => other[by] - one[by]);
  return items;
}

export function TraceTable(props: { items: Overview[]; short?: boolean }) {
  const longest = Math.max(1, ...props.items.map((one) => one.duration));
  return (
    <div class="scroll">
      <table class="traces">
        <thead>
          <tr>
            <th>Began</th>
            <th>What</th>
            <th>Took</th>
            <th class="number">Spans</th>
            {!props.short && <th>Took part</th>}
          </tr>
        </thead>
        <tbody>
          {props.items.map((one) => (
            <tr key={one.trace_id} onClick={() => go(`traces/${one.trace_id}`)}>
              <td title={ago(one.start)}>{time(one.start)}</td>
              <td>
                <a href={href(`traces/${one.trace_id}`)}>
                  <Service name={one.entry[0]} /> {one.entry[1]}
                </a>{" "}
                {one.errors > 0 && <Badge kind="bad">{`${one.errors} ${one.errors === 1 ? "error" : "errors"}`}</Badge>}
              </td>
              <td class="took">
                <span style={{ width: `${(100 * one.duration) / longest}%` }} />
                {duration(one.duration)}
              </td>
              <td class="number">{one.spans}</td>
              {!props.short && (
                <td class="parts">
                  {Object.entries(one.services).map(([name, count]) => (
                    <span key={name}>
                      <Service name={name} /> {count}
                    </span>
                  ))}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
