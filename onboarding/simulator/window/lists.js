/** The left side: people with their chats, group chats, teams with their channels. */
import { avatar, count, h, icon, name } from './dom.js';
import { firstDay, linkTo, sections } from './world.js';

const PLANTED = {
  guest: 'Guest',
  disabled: 'Account off',
  unlicensed: 'No licence',
  blocked: 'Blocked by policy',
  hostile: 'Hostile name',
  long: 'Long name',
};

/** People in their sections; `more()` fetches the next page, `addGroup()` opens the dialog for a group chat. */
export function peopleList(here, { more, addGroup }) {
  const groups = here.info.group_chats.filter((one) => matches(here, one.name));
  const parts = sections(here).map((part) =>
    section(
      part.title,
      part.number,
      part.people.map((one) => personRow(here, one)),
    ),
  );
  const rest = here.total - here.people.length;
  return [
    ...parts,
    !here.people.length &&
      h(
        'p',
        { class: 'empty' },
        here.search ? `Nobody is called “${here.search}”.` : 'Nobody here yet.',
      ),
    rest > 0 &&
      h(
        'button',
        { type: 'button', class: 'quiet wide', onclick: more },
        `Show more (${count(rest)} left)`,
      ),
    section(
      'Group chats',
      groups.length,
      groups.map((one) => groupRow(here, one)),
      h(
        'button',
        {
          type: 'button',
          class: 'icon-button small',
          'aria-label': 'New group chat with the app',
          title: 'New group chat with the app',
          onclick: addGroup,
        },
        icon('plus'),
      ),
    ),
  ];
}

function section(title, number, rows, tool = null) {
  const heading = h('h2', {}, title, h('span', { class: 'tally' }, count(number)), tool);
  return h('section', {}, heading, h('ul', {}, rows));
}

function matches(here, text) {
  return text.toLocaleLowerCase().includes(here.search.toLocaleLowerCase());
}

function row(here, kind, id, ...content) {
  const current = here.place?.kind === kind && here.place.id === id;
  return h(
    'li',
    {},
    h(
      'a',
      {
        href: linkTo(kind, id),
        class: 'row',
        'data-key': `${kind}/${id}`,
        'aria-current': current ? 'page' : null,
      },
      content,
    ),
  );
}

function personRow(here, one) {
  const when = firstDay(one);
  const job = [one.job_title, one.office].filter(Boolean).join(' · ');
  return row(
    here,
    'person',
    one.id,
    h(
      'span',
      { class: 'face' },
      avatar(one.id, one.display_name),
      one.installed &&
        h(
          'span',
          { class: 'presence', title: 'Has the app' },
          icon('installed'),
          h('span', { class: 'unseen' }, 'Has the app.'),
        ),
    ),
    h(
      'span',
      { class: 'row-text' },
      h(
        'span',
        { class: 'row-line' },
        h('span', { class: 'row-name' }, name(one.display_name)),
        when && h('span', { class: 'when' }, when),
      ),
      h(
        'span',
        { class: 'row-line' },
        h('span', { class: 'row-detail', dir: 'auto' }, job || one.upn),
        one.planted &&
          h('span', { class: `chip ${one.planted}` }, PLANTED[one.planted] ?? one.planted),
      ),
    ),
    one.unread > 0 && badge(one.unread),
  );
}

function badge(number) {
  return h(
    'span',
    { class: 'badge' },
    number > 99 ? '99+' : String(number),
    h('span', { class: 'unseen' }, ' unread'),
  );
}

function groupRow(here, one) {
  return row(
    here,
    'group',
    one.id,
    h(
      'span',
      { class: 'face' },
      h('span', { class: 'avatar square', 'aria-hidden': 'true' }, icon('teams')),
    ),
    h(
      'span',
      { class: 'row-text' },
      h('span', { class: 'row-line' }, h('span', { class: 'row-name' }, name(one.name))),
      h(
        'span',
        { class: 'row-detail' },
        `${count(one.members.length)} people${one.app ? '' : ' · app removed'}`,
      ),
    ),
  );
}

/** Teams, each with its channels and a menu; `menu(team)` opens what one can do with it. */
export function teamsList(here, { menu }) {
  const shown = here.info.teams.filter(
    (team) =>
      !team.deleted &&
      (matches(here, team.name) ||
        (team.channels ?? []).some((channel) => matches(here, channel.name))),
  );
  if (!shown.length)
    return [
      h(
        'p',
        { class: 'empty' },
        here.search ? `No team is called “${here.search}”.` : 'No team yet.',
      ),
    ];
  const order = [...shown].sort(
    (one, other) => Number(Boolean(other.installed)) - Number(Boolean(one.installed)),
  );
  return order.map((team) => teamBlock(here, team, menu));
}

function teamBlock(here, team, menu) {
  const current =
    here.place?.kind === 'channel' && team.channels.some((channel) => channel.id === here.place.id);
  const open = current || here.opened?.has(team.id) || Boolean(here.search);
  const channels = h(
    'ul',
    { id: `channels-${team.id}`, hidden: !open },
    team.channels.map((channel) => channelRow(here, channel)),
  );
  const toggle = h(
    'button',
    {
      type: 'button',
      class: 'team-toggle',
      'data-key': `team/${team.id}`,
      'aria-expanded': String(open),
      'aria-controls': channels.id,
    },
    icon('chevron'),
    h(
      'span',
      { class: `avatar square hue-${hue(team.id)}`, 'aria-hidden': 'true' },
      [...team.name][0] ?? 'T',
    ),
    h(
      'span',
      { class: 'row-text' },
      h(
        'span',
        { class: 'row-line' },
        h('span', { class: 'row-name' }, name(team.name)),
        team.installed && h('span', { class: 'chip app' }, 'App added'),
      ),
      h(
        'span',
        { class: 'row-detail' },
        `${count(team.members)} members${team.archived ? ' · archived' : ''}`,
      ),
    ),
  );
  toggle.addEventListener('click', () => {
    channels.hidden = !channels.hidden;
    toggle.setAttribute('aria-expanded', String(!channels.hidden));
    here.opened = new Set(here.opened);
    here.opened[channels.hidden ? 'delete' : 'add'](team.id);
  });
  const tool = h(
    'button',
    {
      type: 'button',
      class: 'icon-button small',
      'aria-label': `What to do with ${team.name}`,
      'data-key': `menu/${team.id}`,
      onclick: () => menu(team, tool),
    },
    icon('more'),
  );
  return h('section', { class: 'team' }, h('div', { class: 'team-head' }, toggle, tool), channels);
}

function hue(id) {
  return [...id].reduce((sum, letter) => (sum + letter.codePointAt(0)) % 8, 0);
}

function channelRow(here, channel) {
  return row(
    here,
    'channel',
    channel.id,
    h(
      'span',
      { class: 'row-text' },
      h('span', { class: 'row-name channel-name' }, name(channel.name)),
    ),
  );
}
