/** A group chat with the app in it, seen by its first member. */
import { doing, press } from './acts.js';
import { get } from './api.js';
import { box, mentionToggle } from './box.js';
import { count, h, icon, name } from './dom.js';
import { back, foot, learn, showMessages } from './pane.js';
import { person } from './world.js';

/** Draws the group chat `id`, unless the reader went elsewhere meanwhile (`current`). */
export async function loadGroup(pane, id, current) {
  const group = pane.here.info.group_chats.find((one) => one.id === id);
  const members = group?.members ?? [];
  const who = members.length ? await person(pane.here, members[0]) : null;
  const { threads } = await get(`/channels/${encodeURIComponent(id)}`, { viewer: who?.id });
  const messages = threads.flatMap((thread) => thread.messages);
  await learn(pane, messages);
  if (!current()) return;
  pane.head.replaceChildren(
    back(),
    h('span', { class: 'avatar square', 'aria-hidden': 'true' }, icon('teams')),
    h(
      'div',
      { class: 'talk-title' },
      h('h2', {}, name(group?.name || 'Group chat')),
      h('p', {}, `${count(members.length)} people`),
    ),
  );
  const people = (one) => pane.here.known.get(one)?.display_name ?? 'Somebody';
  showMessages(
    pane,
    messages,
    {
      people,
      mine: who?.id,
      press: (message, action) => press(pane.context, who?.id, message, action),
    },
    () => [!messages.length && h('p', { class: 'empty' }, 'Nobody has written here yet.')],
  );
  foot(pane, id, () => groupBox(pane, id, who));
}

function groupBox(pane, chat, who) {
  const mention = h('input', { type: 'checkbox', checked: true });
  const send = (text) =>
    doing(pane.context, 'write', who?.id, { chat, text, mention: mention.checked });
  return box({
    label: 'Write to the group',
    hint: `Type a message as ${who?.given_name ?? 'a member'}`,
    send,
    tools: [mentionToggle(mention)],
  });
}
