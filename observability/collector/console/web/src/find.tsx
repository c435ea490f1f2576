/** Everything about an id: the order's saga, the traces that speak of it, and the lines. */

import { useData, withQuery } from "./api";
import { LineList } from "./logs";
import { href } from "./router";
import { TraceTable } from "./traces";
import type { Line, Overview, Trace } from "./types";
import { Empty, Head, Loading, Shown } from "./ui";

const SECONDS = 5;

export function Find(props: { id: string }) {
  const { id } = props;
  const isTraceId = /^[0-9a-f]{32}$/i.test(id);
  const itself = useData<{ data: Trace[] }>(isTraceId ? withQuery("/api/traces", { traceID: id }) : null, SECONDS);
  const about = useData<{ items: Overview[] }>(withQuery("/api/console/traces", { subject: id.toLowerCase(), limit: 50 }), SECONDS);
  const correlated = useData<{ items: Line[] }>(withQuery("/api/console/logs", { correlation_id: id, limit: 100 }), SECONDS);
  const words = useData<{ items: Line[] }>(withQuery("/api/console/logs", { text: id, limit: 100 }), SECONDS);
  return (
    <>
      <Head title={<code>{id}</code>}>
        {isTraceId && (
          <a class="button" href={href(`sagas/${id}`)}>
            The order's saga
          </a>
        )}
        {isTraceId && (
          <a class="button" href={href("letters", { order_id: id })}>
            Its dead letters
          </a>
        )}
      </Head>
      {itself.data?.data[0] && (
        <p class="notice">
          It is a trace of {itself.data.data[0].spans.length} spans: <a href={href(`traces/${id}`)}>look at it</a>.
        </p>
      )}
      <section class="card">
        <h2>Traces that speak of it, the first one first</h2>
        <Shown of={about} empty={({ items }) => (items.length ? null : <Empty title="No recorded trace speaks of it." />)}>
          {({ items }) => <TraceTable items={[...items].reverse()} />}
        </Shown>
      </section>
      <section class="card">
        <h2>Lines with it</h2>
        {!words.data && !words.error ? (
          <Loading />
        ) : (
          <Shown of={words} empty={() => (lines(words.data, correlated.data).length ? null : <Empty title="No line has it." />)}>
            {() => <LineList items={lines(words.data, correlated.data)} />}
          </Shown>
        )}
      </section>
    </>
  );
}

function lines(...pages: ({ items: Line[] } | undefined)[]): Line[] {
  const all = new Map(pages.flatMap((page) => page?.items ?? []).map((line) => [line.id, line]));
  return [...all.values()].sort((one, other) => one.at - other.at);
}
