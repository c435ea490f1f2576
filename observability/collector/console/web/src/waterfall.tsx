/** One trace as a waterfall, with its spans' details and its log lines. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { useData, withQuery } from "./api";
import { colour, duration, time } from "./format";
import { LineList } from "./logs";
import { href } from "./router";
import { arranged, children, entry, type Node, type Shape } from "./tree";
import type { Line, Tag, Trace } from "./types";
import { Badge, Empty, Facts, Head, Service, Shown } from "./ui";

const ROWS = 500;
/** For so long (microseconds) spans may still come. */
const YOUNG = 60_000_000;

export function TracePage(props: { id: string }) {
  const [growing, setGrowing] = useState(true);
  const seconds = growing ? 3 : 0;
  const trace = useData<{ data: Trace[] }>(`/api/traces/${encodeURIComponent(props.id)}`, seconds);
  const lines = useData<{ items: Line[] }>(withQuery("/api/console/logs", { trace_id: props.id, limit: 500 }), seconds);
  useEffect(() => {
    const spans = trace.data?.data[0]?.spans;
    if (spans) setGrowing(Date.now() * 1_000 - Math.max(...spans.map((span) => span.startTime)) < YOUNG);
  }, [trace.data]);
  return (
    <>
      <Shown of={trace}>{({ data }) => <Whole trace={data[0]!} again={trace.again} />}</Shown>
      <section class="card">
        <h2>
          What was logged meanwhile <a href={href("logs", { trace_id: props.id, minutes: "" })}>as a page of its own</a>
        </h2>
        <Shown of={lines} empty={({ items }) => (items.length ? null : <Empty title="Nothing was logged in this trace." />)}>
          {({ items }) => <LineList items={[...items].reverse()} />}
        </Shown>
      </section>
    </>
  );
}

function Whole(props: { trace: Trace; again: () => void }) {
  const shape = useMemo(() => arranged(props.trace), [props.trace]);
  const [chosenId, setChosenId] = useState<string>();
  const chosen = shape.nodes.find((node) => node.span.spanID === chosenId);
  const [rows, setRows] = useState(ROWS);
  const first = entry(shape);
  const failed = shape.nodes.filter((node) => node.failed).length;
  return (
    <>
      <Head
        title={
          <>
            <Service name={first.service} /> {first.span.operationName}
          </>
        }
      >
        {shape.orders.map((order) => (
          <a key={order} class="button" href={href(`find/${order}`)}>
            Order {order.slice(0, 8)}…
          </a>
        ))}
        <button onClick={props.again}>Look again</button>
      </Head>
      <p class="summary">
        <code>{props.trace.traceID}</code> began {time(shape.start)}, took {duration(shape.length)}, has {shape.nodes.length} spans of{" "}
        {new Set(shape.nodes.map((node) => node.service)).size} services
        {failed > 0 && <Badge kind="bad">{`${failed} with errors`}</Badge>}
      </p>
      <div class={chosen ? "split" : ""}>
        <section class="card waterfall" aria-label="Waterfall">
          <Ruler length={shape.length} />
          {shape.nodes.slice(0, rows).map((node) => (
            <Row key={node.span.spanID} node={node} shape={shape} chosen={node === chosen} choose={() => setChosenId(node === chosen ? undefined : node.span.spanID)} />
          ))}
          {shape.nodes.length > rows && (
            <button onClick={() => setRows(shape.nodes.length)}>{`Show ${shape.nodes.length - rows} more`}</button>
          )}
        </section>
        {chosen && <Details node={chosen} shape={shape} close={() => setChosenId(undefined)} />}
      </div>
    </>
  );
}

const TICKS = [0, 0.25, 0.5, 0.75, 1];

function Ruler(props: { length: number }) {
  return (
    <div class="ruler">
      <span />
      <div>
        {TICKS.map((share) => (
          <span key={share} style={{ left: `${share * 100}%` }}>
            {duration(Math.round(props.length * share))}
          </span>
        ))}
      </div>
    </div>
  );
}

function Row(props: { node: Node; shape: Shape; chosen: boolean; choose: () => void }) {
  const { node, shape } = props;
  const left = (100 * (node.span.startTime - shape.start)) / shape.length;
  const width = (100 * node.span.duration) / shape.length;
  return (
    <button class={`row ${props.chosen ? "chosen" : ""}`} aria-expanded={props.chosen} onClick={props.choose}>
      <span class="what" style={{ paddingLeft: `${Math.min(node.depth, 16) * 14}px` }}>
        {node.failed && <b title="with an error">!</b>}
        <Service name={node.service} />
        <span class="operation">{node.span.operationName}</span>
      </span>
      <span class="track">
        <i
          class={node.failed ? "failed" : ""}
          style={{ left: `${left}%`, width: `max(2px, ${width}%)`, background: colour(node.service) }}
        />
        <em style={left > 70 ? { right: `${100 - left}%` } : { left: `${Math.min(left + width, 88)}%` }}>{duration(node.span.duration)}</em>
      </span>
    </button>
  );
}

function Details(props: { node: Node; shape: Shape; close: () => void }) {
  const { node, shape } = props;
  const links = node.span.references.filter((one) => one.refType === "FOLLOWS_FROM");
  return (
    <aside class="card details" aria-label="Span">
      <header>
        <h2>{node.span.operationName}</h2>
        <button class="quiet" onClick={props.close} aria-label="Close">
          ✕
        </button>
      </header>
      <Facts
        of={[
          ["service", <Service name={node.service} />],
          ["instance", node.instance || "–"],
          ["began", `${duration(node.span.startTime - shape.start)} after the trace`],
          ["took", duration(node.span.duration)],
          ["spans below", String(children(node, shape))],
        ]}
      />
      <h3>Attributes</h3>
      <Tags of={node.span.tags} />
      {node.span.logs.length > 0 && <h3>Events</h3>}
      {node.span.logs.map((event) => (
        <div key={event.timestamp}>
          <small>{duration(event.timestamp - shape.start)} after the trace began</small>
          <Tags of={event.fields} />
        </div>
      ))}
      {links.length > 0 && <h3>Belongs to</h3>}
      <ul>
        {links.map((link) => (
          <li key={link.spanID}>
            <a href={href(`traces/${link.traceID}`)}>
              <code>{link.traceID}</code>
            </a>
          </li>
        ))}
      </ul>
    </aside>
  );
}

function Tags(props: { of: Tag[] }) {
  return <Facts of={props.of.map(({ key, value }) => [key, String(value ?? "")])} />;
}
