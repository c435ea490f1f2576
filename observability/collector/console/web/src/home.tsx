/** The overview: who runs and calls whom, and what went wrong lately. */

import { useData, withQuery } from "./api";
import { LineList } from "./logs";
import { ServiceMap } from "./map";
import { href } from "./router";
import { TraceTable } from "./traces";
import type { Call, Instance, Line, Overview } from "./types";
import { Badge, Empty, Head, Service, Shown, since } from "./ui";

export function Home() {
  const instances = useData<{ items: Instance[] }>("/api/console/instances", 3);
  const calls = useData<{ items: Call[] }>("/api/console/calls", 10);
  const start = since("60");
  const failed = useData<{ items: Overview[] }>(withQuery("/api/console/traces", { error: "true", start, limit: 8 }), 10);
  const warnings = useData<{ items: Line[] }>(withQuery("/api/console/logs", { level: "warning", start, limit: 12 }), 10);
  return (
    <>
      <Head title="Overview">
        {instances.data && <Health items={instances.data.items} />}
      </Head>
      <section class="card">
        <h2>Who calls whom</h2>
        <Shown of={calls} empty={({ items }) => (items.length ? null : <NoCalls />)}>
          {({ items }) => <ServiceMap calls={items} instances={instances.data?.items ?? []} />}
        </Shown>
      </section>
      <section class="card">
        <h2>Instances</h2>
        <Shown of={instances} empty={({ items }) => (items.length ? null : <Empty title="Consul knows of no instance." />)}>
          {({ items }) => <Instances items={items} />}
        </Shown>
      </section>
      <div class="columns">
        <section class="card">
          <h2>
            Traces with errors <a href={href("traces", { error: "true" })}>all of them</a>
          </h2>
          <Shown of={failed} empty={({ items }) => (items.length ? null : <Empty title="None within the last hour." />)}>
            {({ items }) => <TraceTable items={items} short />}
          </Shown>
        </section>
        <section class="card">
          <h2>
            Warnings and errors <a href={href("logs", { level: "warning" })}>all of them</a>
          </h2>
          <Shown of={warnings} empty={({ items }) => (items.length ? null : <Empty title="None within the last hour." />)}>
            {({ items }) => <LineList items={items} />}
          </Shown>
        </section>
      </div>
    </>
  );
}

function NoCalls() {
  return <Empty title="No calls were seen within the last hour.">Place an order: `portico order`.</Empty>;
}

function Health(props: { items: Instance[] }) {
  const well = props.items.filter((one) => one.status === "passing").length;
  const all = props.items.length;
  return <Badge kind={well === all ? "good" : "bad"}>{`${well} of ${all} instances are well`}</Badge>;
}

const KIND = { passing: "good", warning: "warn", critical: "bad", unknown: "plain" } as const;

function Instances(props: { items: Instance[] }) {
  return (
    <div class="instances">
      {props.items.map((one) => (
        <article key={one.id} class={`instance ${KIND[one.status]}`}>
          <header>
            <a href={href("logs", { service: one.service })}>
              <Service name={one.id} of={one.service} />
            </a>
            <Badge kind={KIND[one.status]}>{one.status}</Badge>
          </header>
          <small>
            {one.address} {one.version && `· ${one.version}`} {one.tags.map((tag) => `· ${tag}`)}
          </small>
          {one.status !== "passing" && <pre>{one.checks.map((check) => check.output).join("\n").slice(0, 400)}</pre>}
        </article>
      ))}
    </div>
  );
}
