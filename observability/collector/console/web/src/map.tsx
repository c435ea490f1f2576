/** Who calls whom, drawn: requests go from left to right, messages in arcs beside the services. */

import { colour } from "./format";
import { go } from "./router";
import type { Call, Instance } from "./types";

const WIDTH = 1080;
const BOX = { width: 150, height: 44 };
const ROW = 64;
const COLUMNS: Record<string, number> = { "envoy-edge": 0, gateway: 1, "envoy-egress": 2 };
const X = [90, 330, 570, 830];

interface Place {
  name: string;
  x: number;
  y: number;
}

export function ServiceMap(props: { calls: Call[]; instances: Instance[] }) {
  const names = [...new Set(props.calls.flatMap((call) => [call.caller, call.callee]))].sort();
  const columns = [0, 1, 2, 3].map((column) => names.filter((name) => (COLUMNS[name] ?? 3) === column));
  const rows = Math.max(...columns.map((column) => column.length));
  const height = rows * ROW + 50;
  const places = new Map<string, Place>();
  columns.forEach((column, index) =>
    column.forEach((name, row) => {
      const y = height / 2 + (row - (column.length - 1) / 2) * ROW;
      places.set(name, { name, x: X[index]!, y });
    }),
  );
  return (
    <figure class="map">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label="Which service calls which">
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto-start-reverse">
            <path d="M0 0 8 4 0 8Z" class="tip" />
          </marker>
        </defs>
        {props.calls.map((call) => (
          <Edge key={`${call.caller} ${call.callee} ${call.by_message}`} call={call} places={places} />
        ))}
        {[...places.values()].map((place) => (
          <Box key={place.name} place={place} instances={props.instances.filter((one) => one.service === place.name)} />
        ))}
      </svg>
      <figcaption>
        <span class="key request" /> requests <span class="key message" /> messages <span class="key failing" /> with errors.
        Numbers are of the traces recorded within the last hour.
      </figcaption>
    </figure>
  );
}

function Edge(props: { call: Call; places: Map<string, Place> }) {
  const { call } = props;
  const from = props.places.get(call.caller);
  const to = props.places.get(call.callee);
  if (!from || !to) return null;
  const { path, label } = call.by_message && from.x === to.x ? arc(from, to) : line(from, to);
  const kind = `${call.by_message ? "message" : "request"} ${call.errors ? "failing" : ""}`;
  return (
    <g class={`edge ${kind}`}>
      <path d={path} marker-end="url(#arrow)" />
      <text x={label[0]} y={label[1]}>
        {call.count}
      </text>
      <title>{`${call.caller} → ${call.callee}: ${call.count}, ${call.errors} with errors`}</title>
    </g>
  );
}

function line(from: Place, to: Place) {
  if (to.x < from.x) return back(from, to);
  const [start, end] = [from.x + BOX.width / 2, to.x - BOX.width / 2];
  const middle = (start + end) / 2;
  const path = `M${start} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${end} ${to.y}`;
  return { path, label: [end - 26, to.y - 5] as const };
}

/** From the left side of one to the lower side of the other, below what stands between them. */
function back(from: Place, to: Place) {
  const [start, y] = [from.x - BOX.width / 2, from.y + 14];
  const below = Math.max(from.y, to.y) + BOX.height + 26;
  const path = `M${start} ${y}C${start - 130} ${below} ${to.x} ${below + 30} ${to.x} ${to.y + BOX.height / 2}`;
  return { path, label: [start - 34, y + 20] as const };
}

function arc(from: Place, to: Place) {
  const edge = from.x + BOX.width / 2;
  const down = to.y > from.y;
  const bulge = (down ? 24 : 54) + Math.abs(to.y - from.y) * 0.35;
  const [start, end] = [from.y + (down ? 6 : -6), to.y + (down ? -6 : 6)];
  const path = `M${edge} ${start}C${edge + bulge} ${start} ${edge + bulge} ${end} ${edge} ${end}`;
  return { path, label: [edge + bulge * 0.75 + 10, (start + end) / 2 + 4] as const };
}

function Box(props: { place: Place; instances: Instance[] }) {
  const { place, instances } = props;
  const well = instances.filter((one) => one.status === "passing").length;
  const state = !instances.length ? "" : well === instances.length ? "good" : well ? "warn" : "bad";
  return (
    <g
      class={`box ${state}`}
      transform={`translate(${place.x - BOX.width / 2} ${place.y - BOX.height / 2})`}
      role="link"
      tabIndex={0}
      onClick={() => go("traces", { service: place.name })}
      onKeyDown={(event) => event.key === "Enter" && go("traces", { service: place.name })}
    >
      <rect width={BOX.width} height={BOX.height} rx="8" />
      <rect width="5" height={BOX.height} rx="2.5" style={{ fill: colour(place.name) }} />
      <text x="16" y="19" class="name">
        {place.name}
      </text>
      <text x="16" y="34">
        {instances.length ? `${well} of ${instances.length} well` : "traced"}
      </text>
    </g>
  );
}
