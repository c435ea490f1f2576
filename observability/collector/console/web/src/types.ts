/** What the console's API answers. Times and durations are microseconds unless they are texts (RFC 3339). */

export interface Overview {
  trace_id: string;
  entry: [service: string, operation: string];
  start: number;
  duration: number;
  spans: number;
  errors: number;
  services: Record<string, number>;
}

export interface Tag {
  key: string;
  value: string | number | boolean | null;
}

export interface Span {
  traceID: string;
  spanID: string;
  operationName: string;
  references: { refType: "CHILD_OF" | "FOLLOWS_FROM"; traceID: string; spanID: string }[];
  startTime: number;
  duration: number;
  tags: Tag[];
  logs: { timestamp: number; fields: Tag[] }[];
  processID: string;
}

export interface Trace {
  traceID: string;
  spans: Span[];
  processes: Record<string, { serviceName: string; tags: Tag[] }>;
}

export type Level = "debug" | "info" | "warning" | "error";

export interface Line {
  id: number;
  at: number;
  level: Level;
  service: string;
  instance: string;
  trace_id: string | null;
  correlation_id: string | null;
  message: string;
  fields: Record<string, unknown>;
}

export interface Call {
  caller: string;
  callee: string;
  by_message: boolean;
  count: number;
  errors: number;
}

export interface Instance {
  service: string;
  id: string;
  address: string;
  tags: string[];
  version: string;
  status: "passing" | "warning" | "critical" | "unknown";
  checks: { name: string; status: string; output: string }[];
}

export type Unit = "per second" | "seconds" | "share" | "count" | "per hour" | "bytes";

export interface Panel {
  title: string;
  unit: Unit;
  help: string;
  series: { name: string; values: (number | null)[] }[];
}

export interface Dashboard {
  name: string;
  title: string;
  times: number[];
  panels: Panel[];
}

export interface Letter {
  id: string;
  service: string;
  queue: string;
  message_id: string;
  kind: string;
  order_id: string | null;
  state: "dead" | "replayed" | "discarded";
  reason: string;
  attempts: number;
  deaths: number;
  replays: number;
  replayable: boolean;
  size: number;
  died_at: string;
  settled_at: string | null;
}

export interface WholeLetter extends Letter {
  correlation_id: string;
  traceparent: string;
  history: string[];
  headers: Record<string, unknown>;
  encoding: "utf-8" | "base64";
  body: string;
}

export interface Saga {
  order_id: string;
  readable: boolean;
  stuck: boolean;
  status: string | null;
  phase: string | null;
  reason: string | null;
  undo: string[];
  deadline: string | null;
  wake_at: string | null;
  compensating_since: string | null;
  created_at: string | null;
  updated_at: string | null;
}

export interface SagaPage {
  order_id: string;
  saga: Saga | null;
  events: { sequence: number; at: string; type: string; details: Record<string, unknown> }[];
  payment: {
    payment_id: string;
    status: string;
    provider: string | null;
    amount: { amount: number; currency: string } | null;
    owes: string | null;
    asked: number;
    timeline: { status: string; at: string }[];
  } | null;
  reservation: {
    state: string;
    held: { sku: string; quantity: number }[];
    short: string[];
    expires_at: string | null;
  } | null;
  dead_letters: Letter[] | null;
  degraded: string[];
}

export interface Listed<T> {
  items: T[];
  next_cursor: string | null;
}
