/** The right side: what Teams told the bot and what it answered, and switches for trouble. */
import { get, post, remove } from './api.js';
import { clock, fill, h, icon, name } from './dom.js';

const SHOWN = 120;

const FAULTS = [
  {
    title: 'Too many requests',
    code: '429',
    about: 'Teams asks the bot to slow down for two seconds.',
    rule: { api: 'connector', status: 429, code: 'Throttled', retry_after: 2 },
  },
  {
    title: 'Blocked by the person',
    code: '403',
    about: 'The person blocked the bot: no message gets through.',
    rule: {
      api: 'connector',
      status: 403,
      code: 'ConversationBlockedByUser',
      message: 'User blocked the conversation with the bot.',
    },
  },
  {
    title: 'Chat not found',
    code: '404',
    about: 'The chat that the bot knew is gone.',
    rule: {
      api: 'connector',
      status: 404,
      code: 'ConversationNotFound',
      message: 'Conversation not found.',
    },
  },
  {
    title: 'Outage',
    code: '503',
    about: 'Teams and Microsoft Graph are down.',
    rule: { api: 'any', status: 503 },
  },
  {
    title: 'Lost answers',
    code: 'drop',
    about: 'The message arrives, the answer to the bot does not.',
    rule: { api: 'connector', method: 'POST', drop: 'after' },
  },
];

/** The drawer in `root`; `open(tab)` and `close()`, and `refresh()` when something was pushed. */
export function drawer(root, here, { tell, closed }) {
  const state = { tab: null, rows: new Map(), only: false };
  const body = h('div', {
    class: 'drawer-body',
    tabindex: 0,
    role: 'region',
    'aria-label': 'Details',
  });
  const title = h('h2', {});
  const open = (tab) => {
    state.tab = tab;
    root.hidden = false;
    title.textContent = tab === 'events' ? 'Events' : 'Faults';
    return refresh();
  };
  const close = () => {
    state.tab = null;
    root.hidden = true;
    closed();
  };
  const refresh = async () => {
    if (!state.tab) return;
    try {
      const nodes =
        state.tab === 'events'
          ? await eventNodes(here, state)
          : await faultNodes({ here, state, tell, refresh });
      fill(body, nodes);
    } catch (problem) {
      body.replaceChildren(h('p', { class: 'empty' }, problem.message));
    }
  };
  root.append(
    h(
      'header',
      {},
      title,
      h(
        'button',
        { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: close },
        icon('close'),
      ),
    ),
    body,
  );
  root.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  return { open, close, refresh, tab: () => state.tab };
}

async function eventNodes(here, state) {
  const { total } = await get('/events', { since: here.info.counts.events, limit: 1 });
  const { items } = await get('/events', { since: Math.max(0, total - SHOWN), limit: SHOWN });
  const events = items.reverse();
  const bot = here.info.bot_endpoint;
  const head = h(
    'p',
    { class: 'about' },
    bot
      ? ['Teams tells the bot at ', h('code', {}, bot)]
      : 'No bot is connected: set its address with PUT /control/bot.',
  );
  if (!events.length) return [head, h('p', { class: 'empty' }, 'Nothing happened yet.')];
  const rows = events.map((event) => {
    if (!state.rows.has(event.seq)) state.rows.set(event.seq, eventRow(here, event));
    return state.rows.get(event.seq);
  });
  const keep = new Set(events.map((event) => event.seq));
  for (const seq of state.rows.keys()) if (!keep.has(seq)) state.rows.delete(seq);
  return [head, ...rows];
}

function eventRow(here, event) {
  const fine = event.status >= 200 && event.status < 300;
  const who = here.known.get(event.person)?.display_name;
  const detail = [event.action, event.name, event.event_type].filter(Boolean).join(' · ');
  const answer = event.answer === null || event.answer === undefined ? '' : text(event.answer);
  const row = [
    h('span', { class: `status ${fine ? 'good' : 'bad'}` }, event.status || 'none'),
    h(
      'span',
      { class: 'row-text' },
      h('span', { class: 'event-type' }, event.type),
      h('span', { class: 'row-detail' }, detail, detail && who ? ' · ' : '', who ? name(who) : ''),
    ),
    h(
      'span',
      { class: 'took' },
      h('time', {}, clock(event.at)),
      h(
        'span',
        {},
        event.ms === undefined || event.ms === null ? '' : `${Math.round(event.ms)} ms`,
      ),
    ),
  ];
  if (!answer) return h('article', { class: 'event' }, row);
  return h(
    'details',
    { class: 'event-more' },
    h('summary', { class: 'event' }, row),
    h('pre', {}, answer),
  );
}

function text(answer) {
  return (typeof answer === 'string' ? answer : JSON.stringify(answer, null, 2)).slice(0, 20_000);
}

async function faultNodes(view) {
  const { here, state } = view;
  const answer = await get('/faults');
  const active = answer.items;
  const open = here.place?.kind === 'person' ? here.known.get(here.place.id) : null;
  const only =
    open &&
    h(
      'label',
      { class: 'only' },
      h('input', {
        type: 'checkbox',
        checked: state.only,
        'data-key': 'only',
        onchange: (event) => (state.only = event.target.checked),
      }),
      h('span', {}, 'New switches only for ', name(open.display_name)),
    );
  const scope = () => (open && state.only ? { person: open.id } : {});
  const known = new Set();
  const switches = FAULTS.map((preset) => {
    const found = active.filter((one) =>
      Object.entries(preset.rule).every(([key, value]) => one[key] === value),
    );
    for (const one of found) known.add(one.id);
    return faultSwitch(preset, found, scope, view);
  });
  const others = active.filter((one) => !known.has(one.id)).map((one) => otherFault(one, view));
  return [
    h(
      'p',
      { class: 'about' },
      'Switch on what goes wrong in real life, and see how the bot copes.',
    ),
    only,
    switches,
    others,
  ];
}

function faultSwitch(preset, found, scope, { here, tell, refresh }) {
  const fired = found.reduce((sum, one) => sum + (one.fired ?? 0), 0);
  const whom = found
    .map((one) => one.person)
    .filter(Boolean)
    .map((id) => here.known.get(id)?.display_name ?? id);
  const box = h('input', {
    type: 'checkbox',
    role: 'switch',
    checked: found.length > 0,
    'data-key': preset.code,
  });
  box.addEventListener('change', async () => {
    try {
      if (box.checked) await post('/faults', { ...preset.rule, ...scope() });
      else await Promise.all(found.map((one) => remove(`/faults/${one.id}`)));
    } catch (problem) {
      tell.notice(problem.message, true);
    }
    await refresh();
  });
  const note = [
    whom.length ? `Only ${whom.join(', ')}. ` : '',
    fired ? `Hit ${fired} ${fired === 1 ? 'call' : 'calls'}.` : '',
  ].join('');
  return h(
    'label',
    { class: 'fault' },
    h('span', { class: 'code' }, preset.code),
    h(
      'span',
      { class: 'row-text' },
      h('strong', {}, preset.title),
      h('span', { class: 'row-detail' }, preset.about),
      note && h('span', { class: 'row-detail fired' }, note),
    ),
    box,
  );
}

function otherFault(one, { tell, refresh }) {
  const drop = () =>
    remove(`/faults/${one.id}`).then(refresh, (problem) => tell.notice(problem.message, true));
  const off = h('button', { type: 'button', class: 'button', onclick: drop }, 'Remove');
  return h(
    'div',
    { class: 'fault' },
    h('span', { class: 'code' }, one.status ?? one.drop ?? '…'),
    h(
      'span',
      { class: 'row-text' },
      h('strong', {}, `${one.api} ${one.path ?? ''}`),
      h('span', { class: 'row-detail' }, `${one.fired ?? 0} hits`),
    ),
    off,
  );
}
