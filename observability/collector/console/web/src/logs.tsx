/** Log lines: looked for by text, trace, correlation id, service and level. */

import { useState } from "preact/hooks";
import { ask, useData, withQuery } from "./api";
import { time } from "./format";
import { go, href } from "./router";
import type { Line } from "./types";
import { Choice, Empty, Facts, Field, Head, RANGES, Service, Shown, since } from "./ui";

const LEVELS: [string, string][] = [
  ["", "all"],
  ["info", "info and above"],
  ["warning", "warnings and errors"],
  ["error", "errors"],
];

interface Page {
  items: Line[];
  next: number | null;
}

export function Logs(props: { query: Record<string, string> }) {
  const { query } = props;
  const set = (changes: Record<string, string>) => go("logs", { ...query, minutes: query["minutes"] ?? "60", ...changes });
  const services = useData<{ data: string[] }>("/api/services", 30);
  const path = withQuery("/api/console/logs", {
    text: query["text"],
    level: query["level"],
    service: query["service"],
    trace_id: query["trace_id"],
    correlation_id: query["correlation_id"],
    start: since(query["minutes"] ?? "60"),
  });
  const found = useData<Page>(path, query["follow"] ? 2 : 0);
  const names = [...new Set([...(services.data?.data ?? []), query["service"] ?? ""])].filter(Boolean);
  return (
    <>
      <Head title="Logs">
        <label class="check">
          <input
            type="checkbox"
            checked={query["follow"] === "true"}
            onChange={(event) => set({ follow: event.currentTarget.checked ? "true" : "" })}
          />
          <span>follow</span>
        </label>
        <button onClick={found.again}>Look again</button>
      </Head>
      <div class="card filters">
        <Field wide label="Words" value={query["text"] ?? ""} placeholder="words that must be there" change={(text) => set({ text })} />
        <Choice label="Level" value={query["level"] ?? ""} options={LEVELS} change={(level) => set({ level })} />
        <Choice
          label="Service"
          value={query["service"] ?? ""}
          options={[["", "any"], ...names.map((one): [string, string] => [one, one])]}
          change={(service) => set({ service })}
        />
        <Field label="Trace" value={query["trace_id"] ?? ""} placeholder="32 hex digits" change={(trace_id) => set({ trace_id })} />
        <Field label="Correlation id" value={query["correlation_id"] ?? ""} change={(correlation_id) => set({ correlation_id })} />
        <Choice label="When" value={query["minutes"] ?? "60"} options={RANGES} change={(minutes) => set({ minutes })} />
      </div>
      <section class="card">
        <Shown
          of={found}
          empty={({ items }) =>
            items.length ? null : <Empty title="No line fits.">Choose a longer time, a lower level, or fewer words.</Empty>
          }
        >
          {(page) => <Pages key={path} first={page} path={path} />}
        </Shown>
      </section>
    </>
  );
}

/** The first page, which may be renewed, and those after it that were asked for. */
function Pages(props: { first: Page; path: string }) {
  const [older, setOlder] = useState<Page[]>([]);
  const [error, setError] = useState("");
  const next = (older.at(-1) ?? props.first).next;
  const more = () =>
    ask<Page>("GET", `${props.path}${props.path.includes("?") ? "&" : "?"}before=${next}`).then(
      (page) => setOlder((before) => [...before, page]),
      (failed: Error) => setError(failed.message),
    );
  return (
    <>
      <LineList items={[props.first, ...older].flatMap((page) => page.items)} />
      {error && <p class="notice bad">{error}</p>}
      {next !== null && <button onClick={more}>Older lines</button>}
    </>
  );
}

export function LineList(props: { items: Line[] }) {
  const [open, setOpen] = useState<number>();
  return (
    <div class="lines">
      {props.items.map((line) => (
        <div key={line.id} class={`line ${line.level} ${open === line.id ? "open" : ""}`}>
          <button aria-expanded={open === line.id} onClick={() => setOpen(open === line.id ? undefined : line.id)}>
            <time>{time(line.at)}</time>
            <b>{line.level}</b>
            <Service name={line.service} />
            <span class="message">{line.message}</span>
          </button>
          {open === line.id && <Whole line={line} />}
        </div>
      ))}
    </div>
  );
}

function Whole(props: { line: Line }) {
  const { line } = props;
  const { "error.stack_trace": stack, ...fields } = line.fields;
  return (
    <div class="whole">
      <Facts
        of={[
          ["instance", line.instance],
          ...(line.trace_id
            ? [["trace", <a href={href(`traces/${line.trace_id}`)}>{line.trace_id}</a>] as [string, preact.JSX.Element]]
            : []),
          ...(line.correlation_id
            ? [
                [
                  "correlation id",
                  <a href={href("logs", { correlation_id: line.correlation_id, minutes: "" })}>{line.correlation_id}</a>,
                ] as [string, preact.JSX.Element],
              ]
            : []),
          ...Object.entries(fields).map(([name, value]): [string, string] => [
            name,
            typeof value === "string" ? value : JSON.stringify(value),
          ]),
        ]}
      />
      {typeof stack === "string" && <pre>{stack}</pre>}
    </div>
  );
}
