/** Pieces that every page is made of. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Loaded } from "./api";
import { colour } from "./format";

/** What was loaded, or in its place that it is being loaded, that it could not be had, or that there is none. */
export function Shown<T>(props: {
  of: Loaded<T>;
  empty?: (data: T) => ComponentChildren | null;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error, loading, again } = props.of;
  if (data === undefined && error) return <Failure message={error.message} again={again} />;
  if (data === undefined) return loading ? <Loading /> : null;
  return (
    <>
      {error && <p class="notice bad">What is shown is not up to date: {error.message}</p>}
      {props.empty?.(data) ?? props.children(data)}
    </>
  );
}

export function Loading() {
  return (
    <div class="state" role="status" aria-live="polite">
      <span class="spinner" /> Loading …
    </div>
  );
}

export function Failure(props: { message: string; again?: () => void }) {
  return (
    <div class="state bad" role="alert">
      <strong>That did not work.</strong>
      <p>{props.message}</p>
      {props.again && <button onClick={props.again}>Try again</button>}
    </div>
  );
}

export function Empty(props: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <strong>{props.title}</strong>
      {props.children && <p>{props.children}</p>}
    </div>
  );
}

/** A name with the colour of its service. */
export function Service(props: { name: string; of?: string }) {
  return (
    <span class="service">
      <i style={{ background: colour(props.of ?? props.name) }} />
      {props.name}
    </span>
  );
}

export function Badge(props: { kind?: "good" | "bad" | "warn" | "plain"; children: ComponentChildren }) {
  return <span class={`badge ${props.kind ?? "plain"}`}>{props.children}</span>;
}

export function Head(props: { title: ComponentChildren; children?: ComponentChildren }) {
  return (
    <header class="head">
      <h1>{props.title}</h1>
      <div class="actions">{props.children}</div>
    </header>
  );
}

export function Choice(props: {
  label: string;
  value: string;
  options: [value: string, label: string][];
  change: (value: string) => void;
}) {
  return (
    <label>
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.change(event.currentTarget.value)}>
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A field that tells what was typed when it is left or Enter is pressed. */
export function Field(props: {
  label: string;
  value: string;
  placeholder?: string;
  wide?: boolean;
  change: (value: string) => void;
}) {
  return (
    <label class={props.wide ? "wide" : ""}>
      <span>{props.label}</span>
      <input
        type="search"
        value={props.value}
        placeholder={props.placeholder ?? ""}
        spellcheck={false}
        onChange={(event) => props.change(event.currentTarget.value.trim())}
      />
    </label>
  );
}

export const RANGES: [string, string][] = [
  ["15", "last 15 minutes"],
  ["60", "last hour"],
  ["360", "last 6 hours"],
  ["1440", "last day"],
  ["", "all there is"],
];

/** When a range of so many minutes began, in microseconds; undefined for all. To the minute, so that it can be kept. */
export function since(minutes: string): number | undefined {
  return minutes ? (Math.floor(Date.now() / 60_000) - Number(minutes)) * 60_000_000 : undefined;
}

/** Asks whether to do something, and for a reason if one is needed. */
export function Ask(props: {
  title: string;
  text: string;
  reason?: string;
  action: string;
  close: () => void;
  act: (reason: string) => Promise<void>;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await props.act(reason.trim());
      props.close();
    } catch (failed) {
      setError(failed instanceof Error ? failed.message : String(failed));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={props.close}>
      <form onSubmit={submit}>
        <h2>{props.title}</h2>
        <p>{props.text}</p>
        {props.reason && (
          <label class="wide">
            <span>{props.reason}</span>
            <input required maxLength={200} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
          </label>
        )}
        {error && <p class="notice bad">{error}</p>}
        <div class="actions">
          <button type="button" onClick={props.close}>
            Leave it
          </button>
          <button type="submit" class="primary" disabled={busy}>
            {props.action}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** Names and values, one a line. */
export function Facts(props: { of: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {props.of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
