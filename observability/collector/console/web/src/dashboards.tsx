/** Figures of Prometheus. */

import { useData, withQuery } from "./api";
import { Chart } from "./chart";
import { go, href } from "./router";
import type { Dashboard } from "./types";
import { Choice, Head, Shown } from "./ui";

const SPANS: [string, string][] = [
  ["15", "last 15 minutes"],
  ["60", "last hour"],
  ["360", "last 6 hours"],
  ["1440", "last day"],
  ["10080", "last week"],
];

export function Dashboards(props: { name: string; query: Record<string, string> }) {
  const minutes = props.query["minutes"] ?? "15";
  const all = useData<{ items: { name: string; title: string }[] }>("/api/console/dashboards");
  const shown = useData<Dashboard>(
    withQuery(`/api/console/dashboards/${encodeURIComponent(props.name)}`, { minutes }),
    Number(minutes) > 60 ? 60 : 10,
  );
  return (
    <>
      <Head title="Dashboards">
        <Choice label="" value={minutes} options={SPANS} change={(value) => go(`dashboards/${props.name}`, { minutes: value })} />
      </Head>
      <nav class="tabs">
        {all.data?.items.map((one) => (
          <a key={one.name} href={href(`dashboards/${one.name}`, { minutes })} aria-current={one.name === props.name ? "page" : undefined}>
            {one.title}
          </a>
        ))}
      </nav>
      <Shown of={shown}>
        {(dashboard) => (
          <div class="panels">
            {dashboard.panels.map((panel) => (
              <Chart key={`${dashboard.name} ${panel.title}`} panel={panel} times={dashboard.times} />
            ))}
          </div>
        )}
      </Shown>
    </>
  );
}
