/** One panel: lines over time, drawn by uPlot, with what each line is now. */

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { amount } from "./format";
import type { Panel } from "./types";

const HEIGHT = 190;
const LINES = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6", "--line-7", "--line-8"];

export function Chart(props: { panel: Panel; times: number[] }) {
  const { panel, times } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const [theme, setTheme] = useState(0);
  const names = panel.series.map((one) => one.name).join("\n");
  useEffect(() => {
    const changed = () => setTheme((before) => before + 1);
    const media = matchMedia("(prefers-color-scheme: dark)");
    addEventListener("theme", changed);
    media.addEventListener("change", changed);
    return () => {
      removeEventListener("theme", changed);
      media.removeEventListener("change", changed);
    };
  }, []);
  useEffect(() => {
    const here = place.current;
    if (!here || !panel.series.length) return;
    const drawn = new uPlot(options(panel, here), data(panel, times), here);
    plot.current = drawn;
    const watch = new ResizeObserver(() => drawn.setSize({ width: here.clientWidth, height: HEIGHT }));
    watch.observe(here);
    return () => {
      watch.disconnect();
      drawn.destroy();
      plot.current = undefined;
    };
  }, [names, theme]);
  useEffect(() => plot.current?.setData(data(panel, times)), [panel, times]);
  return (
    <figure class="card panel">
      <figcaption>
        <h2>{panel.title}</h2>
        {panel.help && <small>{panel.help}</small>}
      </figcaption>
      {panel.series.length ? <div ref={place} /> : <div class="state">Nothing was measured in this time.</div>}
      <ul class="legend">
        {panel.series.map((one, index) => (
          <li key={one.name}>
            <i style={{ background: `var(${LINES[index % LINES.length]})` }} />
            <span>{one.name}</span>
            <b>{now(one.values, panel)}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function data(panel: Panel, times: number[]): uPlot.AlignedData {
  return [times, ...panel.series.map((one) => one.values)];
}

function now(values: (number | null)[], panel: Panel): string {
  const last = values.slice(-3).findLast((value) => value !== null);
  return last === undefined || last === null ? "–" : amount(last, panel.unit);
}

function options(panel: Panel, place: HTMLElement): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  // A canvas knows nothing of light-dark(): an element's computed colour is what it comes to.
  const resolved = (name: string) => {
    place.style.color = `var(${name})`;
    const colour = getComputedStyle(place).color;
    place.style.color = "";
    return colour;
  };
  const axis = { stroke: resolved("--faint"), grid: { stroke: resolved("--rule"), width: 1 }, ticks: { show: false } };
  const font = `11px ${style.fontFamily}`;
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { size: 6 } },
    scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 0) > 0 ? high! * 1.1 : 1] } },
    axes: [
      { ...axis, font, values: (_, ticks) => ticks.map((at) => new Date(at * 1000).toLocaleTimeString("en-GB").slice(0, 5)) },
      { ...axis, font, size: 62, values: (_, ticks) => ticks.map((value) => amount(value, panel.unit)) },
    ],
    series: [
      {},
      ...panel.series.map((one, index) => ({
        label: one.name,
        stroke: resolved(LINES[index % LINES.length]!),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
