/** Signing in and out, and what is shown only to those who have. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, session } from "./api";

function useSession(): boolean {
  const [signedIn, setSignedIn] = useState(session.key !== null);
  useEffect(() => {
    const changed = () => setSignedIn(session.key !== null);
    addEventListener("session", changed);
    return () => removeEventListener("session", changed);
  }, []);
  return signedIn;
}

/** At the top of the page: who is here. */
export function Operator() {
  const signedIn = useSession();
  if (!signedIn) return null;
  const leave = async () => {
    await ask("DELETE", "/api/session").catch(() => undefined);
    session.set(null);
  };
  return (
    <button class="quiet" onClick={leave}>
      Sign out
    </button>
  );
}

/** What is inside, for those who have signed in; the form for the others. */
export function Operators(props: { children: ComponentChildren }) {
  return useSession() ? <>{props.children}</> : <SignIn />;
}

function SignIn() {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      const { session: key } = await ask<{ session: string }>("POST", "/api/session", {
        email: form.get("email"),
        password: form.get("password"),
      });
      session.set(key);
    } catch (failed) {
      setError(failed instanceof Error ? failed.message : String(failed));
      setBusy(false);
    }
  };
  return (
    <form class="card sign-in" onSubmit={submit}>
      <h1>Sign in</h1>
      <p>Dead letters and sagas are for administrators. `portico up` says which file has their passwords.</p>
      <label class="wide">
        <span>E-mail</span>
        <input name="email" type="email" required autocomplete="username" autofocus />
      </label>
      <label class="wide">
        <span>Password</span>
        <input name="password" type="password" required autocomplete="current-password" />
      </label>
      {error && <p class="notice bad" role="alert">{error}</p>}
      <button class="primary" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}
