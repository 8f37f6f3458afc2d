/** The Teams window: wires the lists, the conversation, the drawer and the live line together. */
import { newGroup, teamMenu } from './acts.js';
import { listen } from './api.js';
import { drawer } from './drawer.js';
import { count, fill, h, paced, soon } from './dom.js';
import { peopleList, teamsList } from './lists.js';
import { talk } from './talk.js';
import { toasts } from './toasts.js';
import { linkTo, loadCompany, loadPeople, morePeople, person, placeOf, world } from './world.js';

const $ = (id) => document.getElementById(id);
const THEME = 'window-theme';

function start() {
  const here = world();
  const tell = toasts($('toasts'));
  const context = { tell, changed: () => refresh() };
  const view = {
    here,
    tell,
    context,
    talk: talk($('talk'), here, context),
    drawer: drawer($('drawer'), here, { tell, closed: () => marks(view) }),
  };
  const refresh = () =>
    Promise.all([
      company(view).then(() => view.talk.refresh()),
      loadPeople(here).then(() => lists(view)),
    ]).catch((problem) => tell.notice(problem.message, true));

  rail(view);
  search(view);
  theme();
  skip();
  window.addEventListener('hashchange', () => go(view));
  view.company = paced(
    () =>
      company(view)
        .then(() => headline(view))
        .catch(() => {}),
    600,
  );
  view.people = paced(
    () =>
      loadPeople(here)
        .then(() => lists(view))
        .catch(() => {}),
    500,
  );
  view.conversation = paced(() => view.talk.refresh(), 80);
  view.events = paced(() => view.drawer.refresh(), 300);
  Promise.all([company(view), loadPeople(here)])
    .then(() => go(view))
    .catch((problem) => {
      fill($('list'), [h('p', { class: 'empty' }, problem.message)]);
    });
  listen(
    (event) => heard(view, event),
    (up) => linked(view, up),
  );
}

async function company(view) {
  await loadCompany(view.here);
  counts(view.here);
  if (view.here.side === 'teams') lists(view);
}

/** The head of a channel or group chat tells of what the company's picture just brought. */
function headline(view) {
  return view.here.place?.kind === 'person' ? undefined : view.talk.refresh();
}

function counts(here) {
  const { installs = 0, messages = 0, reached = 0 } = here.info.counts;
  const some = (number, noun) => (number === 1 ? noun : `${noun}s`);
  const parts = [
    [reached, reached === 1 ? 'person with a welcome' : 'people with a welcome', 'welcomed'],
    [messages, some(messages, 'message'), some(messages, 'message')],
    [installs, some(installs, 'install'), some(installs, 'install')],
  ];
  $('counts').replaceChildren(
    ...parts.map(([number, long, short]) =>
      h(
        'span',
        { class: 'figure' },
        h('strong', {}, count(number)),
        h('span', { class: 'long' }, ` ${long}`),
        h('span', { class: 'short' }, ` ${short}`),
      ),
    ),
  );
  const link = here.info.console_url;
  $('console').hidden = !/^https?:\/\//.test(link ?? '');
  if (!$('console').hidden) $('console').href = link;
}

function lists(view) {
  const { here } = view;
  const more = () => morePeople(here).then(() => lists(view));
  const nodes =
    here.side === 'chat'
      ? peopleList(here, { more, addGroup: () => newGroup(view.context) })
      : teamsList(here, { menu: (team, opener) => teamMenu(view.context, team, opener) });
  fill($('list'), nodes);
  $('search').placeholder = here.side === 'chat' ? 'Search people' : 'Search teams and channels';
  const unread = here.people.reduce((sum, one) => sum + (one.unread > 0 ? 1 : 0), 0);
  $('unread').textContent = unread > 99 ? '99+' : unread || '';
  $('unread').hidden = !unread;
  marks(view);
}

/** Which part of the rail is on. */
function marks(view) {
  $('to-chat').setAttribute('aria-pressed', String(view.here.side === 'chat'));
  $('to-teams').setAttribute('aria-pressed', String(view.here.side === 'teams'));
  $('to-events').setAttribute('aria-pressed', String(view.drawer?.tab() === 'events'));
  $('to-faults').setAttribute('aria-pressed', String(view.drawer?.tab() === 'faults'));
}

/** Goes where the address says. */
async function go(view) {
  const { here } = view;
  here.place = placeOf(location.hash);
  document.body.dataset.view = here.place ? 'talk' : 'list';
  if (here.place) here.side = here.place.kind === 'channel' ? 'teams' : 'chat';
  const before = here.kept;
  here.kept =
    here.place?.kind === 'person' && here.known.get(here.place.id)?.unread > 0
      ? here.place.id
      : null;
  lists(view);
  view.drawer.refresh();
  await view.talk.open(here.place);
  if (here.place?.kind === 'person' || before) await loadPeople(here).catch(() => {});
  lists(view);
  document.title = title(here);
}

function title(here) {
  const who = here.place?.kind === 'person' && here.known.get(here.place.id)?.display_name;
  return who ? `${who} | Simulated Teams` : 'Simulated Teams';
}

function rail(view) {
  const side = (which) => () => {
    view.here.side = which;
    if (
      view.here.place &&
      document.body.dataset.view === 'talk' &&
      matchMedia('(max-width: 720px)').matches
    )
      location.hash = '';
    lists(view);
    $('list').scrollTop = 0;
  };
  const toggle = (tab) => async () => {
    if (view.drawer.tab() === tab) view.drawer.close();
    else await view.drawer.open(tab);
    marks(view);
  };
  $('to-chat').addEventListener('click', side('chat'));
  $('to-teams').addEventListener('click', side('teams'));
  $('to-events').addEventListener('click', toggle('events'));
  $('to-faults').addEventListener('click', toggle('faults'));
}

function search(view) {
  const find = soon(
    () =>
      (view.here.side === 'chat' ? loadPeople(view.here) : Promise.resolve())
        .then(() => lists(view))
        .catch((problem) => view.tell.notice(problem.message, true)),
    150,
  );
  $('search').addEventListener('input', () => {
    view.here.search = $('search').value.trim();
    find();
  });
}

/** The skip link moves the focus and leaves the address alone: it says which chat is open. */
function skip() {
  document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault();
    $('talk').focus();
  });
}

/** Light and dark follow the system until the reader chooses. */
function theme() {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const dark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : system.matches);
  const label = () =>
    $('theme').setAttribute('aria-label', dark() ? 'Use the light theme' : 'Use the dark theme');
  const stored = localStorage.getItem(THEME);
  if (stored === 'dark' || stored === 'light') root.dataset.theme = stored;
  $('theme').addEventListener('click', () => {
    root.dataset.theme = dark() ? 'light' : 'dark';
    localStorage.setItem(THEME, root.dataset.theme);
    label();
  });
  system.addEventListener('change', label);
  label();
}

function linked(view, up) {
  $('line').dataset.up = String(up);
  $('line').textContent = up ? 'Live' : 'Offline';
  if (up && view.wasDown) Promise.resolve(view.context.changed());
  view.wasDown = !up;
}

/** Something happened: show it where it shows, and no more often than the eye can follow. */
function heard(view, event) {
  const { here } = view;
  if (event.type === 'person') here.known.delete(event.person);
  view.company();
  if (event.type === 'event') return void view.events();
  view.people();
  if (concerns(here.place, event)) view.conversation();
  if (event.type === 'message' && event.sender === 'bot' && !concerns(here.place, event))
    announce(view, event);
  return undefined;
}

function concerns(place, event) {
  if (!place) return false;
  if (event.type === 'reset') return true;
  if (place.kind === 'person') return event.person === place.id;
  return (
    String(event.conversation_id ?? '').startsWith(place.id) ||
    ['team', 'channel'].includes(event.type)
  );
}

async function announce(view, event) {
  const { here, tell } = view;
  if (!tell.room()) return tell.more();
  if (event.person) {
    const who = await person(here, event.person).catch(() => null);
    return tell.notify({
      who: who?.display_name,
      summary: event.summary || 'Sent a card',
      href: linkTo('person', event.person),
    });
  }
  const channel = here.info.teams
    .flatMap((team) => team.channels.map((one) => ({ ...one, team: team.name })))
    .find((one) => one.id === event.conversation_id);
  const group = here.info.group_chats.find((one) => one.id === event.conversation_id);
  const href = linkTo(channel ? 'channel' : 'group', event.conversation_id);
  return tell.notify({
    who: channel ? `${channel.team}, ${channel.name}` : (group?.name ?? 'a group chat'),
    summary: event.summary || 'Sent a card',
    href,
  });
}

start();
