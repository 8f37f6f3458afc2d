/** The simulator's control API, as the window uses it. */

const ROOT = '/control';

/** What the simulator answered instead of success; `message` is fit to be shown. */
export class Refused extends Error {}

export const get = (path, query = {}) => call('GET', path, undefined, query);
export const post = (path, body) => call('POST', path, body);
export const put = (path, body) => call('PUT', path, body);
export const remove = (path) => call('DELETE', path);

/** Lets somebody do something in Teams; answers `{events, answer}` once the bot has been told. */
export const act = (what, who, more = {}) => post('/act', { do: what, who, ...more });

async function call(method, path, body, query = {}) {
  const url = new URL(ROOT + path, location.href);
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== '') url.searchParams.set(key, value);
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch(url, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => {
    throw new Refused('The simulator does not answer. Is it still running?');
  });
  const text = await response.text();
  const data = parsed(text);
  if (!response.ok)
    throw new Refused(problem(data) || `The simulator answered ${response.status}.`);
  return data;
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return {};
  }
}

function problem(data) {
  const found = data?.error ?? data?.detail ?? data?.problem ?? data?.message;
  return typeof found === 'object' ? (found?.message ?? found?.problem) : found;
}

/** Calls `heard(event)` for everything that happens; `linked(boolean)` says whether the line is up. */
export function listen(heard, linked) {
  const source = new EventSource(`${ROOT}/stream`);
  const take = (event) => heard({ type: event.type, ...parsed(event.data) });
  for (const type of [
    'message',
    'update',
    'delete',
    'install',
    'event',
    'person',
    'team',
    'channel',
    'fault',
    'reset',
    'bot',
    'chat',
  ]) {
    source.addEventListener(type, take);
  }
  source.onopen = () => linked(true);
  source.onerror = () => linked(false);
  return source;
}
