/** A channel: its threads, replies, and posts as one of the team's members. */
import { doing, press, teamAct, teamMenu } from './acts.js';
import { get } from './api.js';
import { box, mentionToggle } from './box.js';
import { ask } from './dialogs.js';
import { count, h, icon, name } from './dom.js';
import { keep } from './messages.js';
import { back, foot, learn, place } from './pane.js';
import { channelOf, person } from './world.js';

/** Draws the channel `id`, unless the reader went elsewhere meanwhile (`current`). */
export async function loadChannel(pane, id, current) {
  const { team, channel } = channelOf(pane.here, id);
  const acting = await actor(pane, team);
  const { threads } = await get(`/channels/${encodeURIComponent(id)}`, { viewer: acting?.id });
  await learn(
    pane,
    threads.flatMap((thread) => thread.messages),
  );
  if (!current()) return;
  headOfChannel(pane, team, channel);
  const drawn = threads.map((thread) => threadNode(pane, thread, id));
  const nothing = h(
    'p',
    { class: 'empty' },
    team?.installed
      ? 'Nobody has posted here yet.'
      : 'The app is not in this team. Add it with the button above.',
  );
  place(pane, drawn.length ? drawn : [nothing]);
  foot(pane, `${id} ${acting?.id}`, () => channelBox(pane, id, acting, null));
}

/** Who the reader is in a team: the one chosen before, else one of its members. */
async function actor(pane, team) {
  const { here } = pane;
  if (here.acting && (!team || here.acting.team === team.id)) return here.acting.who;
  const [who] = team?.owners?.length
    ? [await person(here, team.owners[0])]
    : (await get('/people', { team: team?.id, limit: 1 })).items;
  here.acting = { team: team?.id, who };
  return who;
}

function headOfChannel(pane, team, channel) {
  const tool = h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      'aria-label': 'What to do with this team',
      'aria-haspopup': 'menu',
      onclick: () => teamMenu(pane.context, team, tool),
    },
    icon('more'),
  );
  const add =
    !team?.installed &&
    h(
      'button',
      {
        type: 'button',
        class: 'button primary',
        onclick: () => teamAct(pane.context, 'add', team),
      },
      'Add the app',
    );
  pane.head.replaceChildren(
    back(),
    h('span', { class: 'avatar square', 'aria-hidden': 'true' }, icon('teams')),
    h(
      'div',
      { class: 'talk-title' },
      h('h2', {}, name(channel?.name ?? 'Channel')),
      h('p', {}, name(team?.name ?? ''), ` · ${count(team?.members)} members`),
    ),
    h('div', { class: 'talk-tools' }, add, team && tool),
  );
}

function threadNode(pane, thread, channel) {
  if (!pane.threads.has(thread.id)) pane.threads.set(thread.id, newThread(pane, thread, channel));
  const made = pane.threads.get(thread.id);
  const mine = pane.here.acting?.who?.id;
  const options = {
    people: (id) => pane.here.known.get(id)?.display_name ?? 'Somebody',
    mine,
    compact: true,
    press: (message, action) => press(pane.context, mine, message, action),
  };
  keep(made.list, thread.messages, options, made.drawn);
  return made.node;
}

function newThread(pane, thread, channel) {
  const list = h('div', { class: 'posts' });
  const reply = h(
    'button',
    {
      type: 'button',
      class: 'reply',
      onclick: () => {
        const form = channelBox(pane, channel, pane.here.acting?.who, thread.id);
        reply.replaceWith(form);
        form.querySelector('textarea').focus();
      },
    },
    icon('reply'),
    'Reply',
  );
  return {
    list,
    drawn: new Map(),
    node: h(
      'section',
      { class: 'thread', 'aria-label': 'Thread' },
      list,
      h('div', { class: 'thread-foot' }, reply),
    ),
  };
}

function channelBox(pane, channel, who, thread) {
  const mention = h('input', { type: 'checkbox', checked: true });
  const { team } = channelOf(pane.here, channel);
  const change = h(
    'button',
    { type: 'button', class: 'quiet as', onclick: () => actAs(pane, team) },
    'as ',
    name(who?.display_name ?? 'somebody'),
    icon('chevron'),
  );
  const send = (text) =>
    doing(pane.context, 'write', pane.here.acting?.who?.id ?? who?.id, {
      channel,
      text,
      mention: mention.checked,
      thread: thread ?? undefined,
    });
  return box({
    label: thread ? 'Write a reply' : 'Start a post',
    hint: thread ? 'Reply' : 'Start a post',
    send,
    tools: [mentionToggle(mention), change],
  });
}

async function actAs(pane, team) {
  const answer = await ask({
    title: 'Post as',
    confirm: 'Choose',
    fields: [{ kind: 'person', name: 'who', label: 'Member', among: { team: team?.id } }],
  });
  if (!answer) return;
  pane.here.acting = { team: team?.id, who: await person(pane.here, answer.who) };
  pane.threads.clear();
  await pane.refresh();
}
