/** The console: what stands at the top of every page, and which page is shown. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import { Dashboards } from "./dashboards";
import { Find } from "./find";
import { Letters } from "./letters";
import { Logs } from "./logs";
import { Home } from "./home";
import { go, href, useRoute, type Route } from "./router";
import { Sagas } from "./sagas";
import { Operator } from "./session";
import "./style.css";
import { Traces } from "./traces";
import { Empty } from "./ui";
import { TracePage } from "./waterfall";

const PAGES: [path: string, title: string][] = [
  ["", "Overview"],
  ["traces", "Traces"],
  ["logs", "Logs"],
  ["dashboards", "Dashboards"],
  ["letters", "Dead letters"],
  ["sagas", "Sagas"],
];

function page({ parts, query }: Route) {
  const [name = "", id] = parts;
  switch (name) {
    case "":
      return <Home />;
    case "traces":
      return id ? <TracePage id={id} /> : <Traces query={query} />;
    case "logs":
      return <Logs query={query} />;
    case "dashboards":
      return <Dashboards name={id ?? "requests"} query={query} />;
    case "letters":
      return <Letters id={id} query={query} />;
    case "sagas":
      return <Sagas id={id} query={query} />;
    case "find":
      return <Find id={id ?? ""} />;
    default:
      return <Empty title="There is no such page.">Choose one above.</Empty>;
  }
}

function Search() {
  const submit = (event: Event) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("id") as HTMLInputElement;
    const wanted = field.value.trim();
    if (wanted) go(`find/${encodeURIComponent(wanted)}`);
  };
  return (
    <form class="find" role="search" onSubmit={submit}>
      <input name="id" type="search" placeholder="Order, trace or correlation id" aria-label="Find an id" spellcheck={false} />
    </form>
  );
}

const THEME = "portico-theme";

function Theme() {
  const [theme, setTheme] = useState(localStorage.getItem(THEME) ?? "light dark");
  useEffect(() => {
    document.documentElement.style.colorScheme = theme;
    localStorage.setItem(THEME, theme);
    dispatchEvent(new Event("theme"));
  }, [theme]);
  return (
    <select class="quiet" aria-label="Colours" value={theme} onChange={(event) => setTheme(event.currentTarget.value)}>
      <option value="light dark">Auto</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}

function Console() {
  const route = useRoute();
  const current = route.parts[0] ?? "";
  useEffect(() => {
    const title = PAGES.find(([path]) => path === current)?.[1];
    document.title = title ? `${title} · Portico console` : "Portico console";
  }, [current]);
  return (
    <>
      <nav class="bar">
        <a class="brand" href={href("")}>
          <img src="icon.svg" alt="" width={22} height={22} /> Portico
        </a>
        <div class="pages">
          {PAGES.map(([path, title]) => (
            <a key={path} href={href(path)} aria-current={path === current ? "page" : undefined}>
              {title}
            </a>
          ))}
        </div>
        <Search />
        <Theme />
        <Operator />
      </nav>
      <main>{page(route)}</main>
    </>
  );
}

render(<Console />, document.getElementById("console")!);
