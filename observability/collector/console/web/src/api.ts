/** Asking the console's API, and the session of whoever has signed in. */

import { useCallback, useEffect, useState } from "preact/hooks";

const SESSION = "portico-session";

/** Why something could not be had, in words for people. */
export class Failed extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const session = {
  get key(): string | null {
    return sessionStorage.getItem(SESSION);
  },
  set(key: string | null): void {
    if (key === null) sessionStorage.removeItem(SESSION);
    else sessionStorage.setItem(SESSION, key);
    dispatchEvent(new Event("session"));
  },
};

/** Ask; gives the answer's JSON. Throws Failed. */
export async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = {};
  if (session.key && needsSession(path)) headers["Authorization"] = `Session ${session.key}`;
  if (method !== "GET") {
    headers["X-Portico-Console"] = "1";
    headers["Idempotency-Key"] = crypto.randomUUID();
  }
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method, headers };
  if (signal) init.signal = signal;
  if (body !== undefined) init.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failed(0, "The console does not answer. `portico status` tells whether the collector runs.");
  }
  if (response.status === 401 && needsSession(path)) session.set(null);
  if (!response.ok) throw new Failed(response.status, await reason(response));
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

function needsSession(path: string): boolean {
  return path.startsWith("/api/admin/") || path === "/api/session";
}

async function reason(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { detail?: string; title?: string };
    return problem.detail ?? problem.title ?? response.statusText;
  } catch {
    return response.statusText;
  }
}

export interface Loaded<T> {
  data: T | undefined;
  error: Failed | undefined;
  loading: boolean;
  again: () => void;
}

/** What a path answers, asked again when it changes and every so many seconds (0 for never). */
export function useData<T>(path: string | null, seconds = 0): Loaded<T> {
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ path: string | null; data?: T; error?: Failed; loading: boolean }>({
    path,
    loading: true,
  });
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    setState((before) => (before.path === path ? { ...before, loading: true } : { path, loading: true }));
    ask<T>("GET", path, undefined, abort.signal).then(
      (data) => setState({ path, data, loading: false }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const failed = error instanceof Failed ? error : new Failed(0, String(error));
        setState((before) => ({ ...before, path, error: failed, loading: false }));
      },
    );
    return () => abort.abort();
  }, [path, round]);
  useEffect(() => {
    if (!seconds || path === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) setRound((before) => before + 1);
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [path, seconds]);
  const again = useCallback(() => setRound((before) => before + 1), []);
  const current = state.path === path ? state : { loading: true };
  return { data: (current as typeof state).data, error: (current as typeof state).error, loading: current.loading, again };
}

/** A path with those parameters that are not empty. */
export function withQuery(path: string, parameters: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== "" && value !== false) query.set(name, String(value));
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
