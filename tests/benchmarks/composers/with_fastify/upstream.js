// Calls to the services: one pool of kept connections, and a bound on how long an answer may take.
import { Pool } from "undici";

const PATIENCE = 5000;
const OPTIONAL_PATIENCE = 1500;

const pool = new Pool(process.env.UPSTREAM_URL, { connections: 512 });

async function ask(path, milliseconds) {
  const { statusCode, body } = await pool.request({
    method: "GET",
    path,
    headersTimeout: milliseconds,
    bodyTimeout: milliseconds,
  });
  if (statusCode !== 200) {
    await body.dump();
    throw Object.assign(new Error(`refused with ${statusCode}`), { statusCode: statusCode === 404 ? 404 : 503 });
  }
  return body.json();
}

// What there is no page without.
export async function required(path) {
  try {
    return await ask(path, PATIENCE);
  } catch (error) {
    throw Object.assign(error, { statusCode: error.statusCode ?? 503 });
  }
}

// What is null, and named among the degraded, when it cannot be had in time.
export async function optional(name, path, degraded) {
  try {
    return await ask(path, OPTIONAL_PATIENCE);
  } catch {
    degraded.push(name);
    return null;
  }
}
