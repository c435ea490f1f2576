/** Numbers and times as people read them. */

import type { Unit } from "./types";

const numbers = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export function duration(microseconds: number): string {
  if (microseconds < 1_000) return `${microseconds} µs`;
  if (microseconds < 1_000_000) return `${numbers.format(microseconds / 1_000)} ms`;
  if (microseconds < 60_000_000) return `${numbers.format(microseconds / 1_000_000)} s`;
  const seconds = Math.round(microseconds / 1_000_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Time of day with milliseconds, and the date unless it is today. */
export function time(microseconds: number): string {
  const at = new Date(microseconds / 1_000);
  const clock = `${at.toLocaleTimeString("en-GB")}.${String(at.getMilliseconds()).padStart(3, "0")}`;
  return at.toDateString() === new Date().toDateString() ? clock : `${at.toLocaleDateString("en-CA")} ${clock}`;
}

export function moment(text: string | null): string {
  return text ? time(Date.parse(text) * 1_000) : "–";
}

export function ago(microseconds: number): string {
  const seconds = Math.max(0, Math.round(Date.now() / 1_000 - microseconds / 1_000_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export function amount(value: number, unit: Unit): string {
  switch (unit) {
    case "seconds":
      return duration(Math.round(value * 1_000_000));
    case "share":
      return `${numbers.format(value * 100)} %`;
    case "per second":
      return `${numbers.format(value)}/s`;
    case "per hour":
      return `${numbers.format(value)}/h`;
    case "bytes":
      return value < 1_048_576 ? `${numbers.format(value / 1_024)} KiB` : `${numbers.format(value / 1_048_576)} MiB`;
    case "count":
      return numbers.format(value);
  }
}

const SERVICES = [
  ...["order", "gateway", "payment", "inventory", "product", "auth", "envoy-edge", "envoy-egress", "operations"],
  ...["control-plane", "collector"],
];
const GOLDEN_ANGLE = 137.508;

/** Always the same colour for the same service, and as different ones as can be for those there are. */
export function colour(service: string): string {
  const known = SERVICES.indexOf(service);
  const place = known >= 0 ? known : [...service].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) % 997, 7);
  const hue = Math.round(226 + place * GOLDEN_ANGLE) % 360;
  return `light-dark(hsl(${hue} 62% 46%), hsl(${hue} 70% 68%))`;
}
