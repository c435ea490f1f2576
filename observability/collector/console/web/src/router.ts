/** The address after the #: a path and its parameters, so that what is shown can be linked to. */

import { useEffect, useState } from "preact/hooks";
import { withQuery } from "./api";

export interface Route {
  parts: string[];
  query: Record<string, string>;
}

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return {
    parts: path.split("/").filter(Boolean).map(decodeURIComponent),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

export function href(path: string, query: Record<string, string | number | boolean | undefined> = {}): string {
  return `#${withQuery(path, query)}`;
}

export function go(path: string, query: Record<string, string | number | boolean | undefined> = {}): void {
  location.hash = href(path, query);
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const changed = () => setRoute(parse(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
