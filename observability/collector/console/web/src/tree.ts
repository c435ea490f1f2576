/** The spans of a trace as a tree, in the order in which a waterfall shows them. */

import type { Span, Trace } from "./types";

export interface Node {
  span: Span;
  depth: number;
  service: string;
  instance: string;
  failed: boolean;
}

export interface Shape {
  nodes: Node[];
  start: number;
  length: number;
  /** The ids of the orders that its messages are about. */
  orders: string[];
}

export function arranged(trace: Trace): Shape {
  const known = new Set(trace.spans.map((span) => span.spanID));
  const below = new Map<string, Span[]>();
  for (const span of trace.spans) {
    const parent = parentOf(span);
    const key = parent && known.has(parent) ? parent : "";
    below.set(key, [...(below.get(key) ?? []), span]);
  }
  const nodes: Node[] = [];
  const seen = new Set<string>();
  const visit = (span: Span, depth: number) => {
    if (seen.has(span.spanID)) return;
    seen.add(span.spanID);
    nodes.push(node(span, depth, trace));
    for (const child of inOrder(below.get(span.spanID) ?? [])) visit(child, depth + 1);
  };
  for (const span of inOrder(below.get("") ?? [])) visit(span, 0);
  const start = Math.min(...trace.spans.map((span) => span.startTime));
  const end = Math.max(...trace.spans.map((span) => span.startTime + span.duration));
  return { nodes, start, length: Math.max(1, end - start), orders: orders(trace) };
}

/** Where the trace came to the first of our processes: Envoy names its spans after the route, which says less. */
export function entry(shape: Shape): Node {
  const first = shape.nodes.find(
    (node) => !node.service.startsWith("envoy-") && node.span.tags.some((tag) => tag.key === "span.kind" && tag.value === "server"),
  );
  return first ?? shape.nodes[0]!;
}

/** How many spans are below one. */
export function children(of: Node, shape: Shape): number {
  const first = shape.nodes.indexOf(of) + 1;
  const rest = shape.nodes.slice(first).findIndex((node) => node.depth <= of.depth);
  return rest < 0 ? shape.nodes.length - first : rest;
}

function inOrder(spans: Span[]): Span[] {
  return [...spans].sort((one, other) => one.startTime - other.startTime);
}

function parentOf(span: Span): string | undefined {
  return span.references.find((one) => one.refType === "CHILD_OF")?.spanID;
}

function node(span: Span, depth: number, trace: Trace): Node {
  const process = trace.processes[span.processID];
  return {
    span,
    depth,
    service: process?.serviceName ?? "unknown",
    instance: String(process?.tags.find((tag) => tag.key === "service.instance.id")?.value ?? ""),
    failed: span.tags.some((tag) => tag.key === "error" && tag.value === true),
  };
}

function orders(trace: Trace): string[] {
  const found = trace.spans
    .flatMap((span) => span.tags)
    .filter((tag) => tag.key === "portico.aggregate" && String(tag.value).startsWith("order/"))
    .map((tag) => String(tag.value).slice("order/".length));
  return [...new Set(found)].slice(0, 3);
}
