/** A person's chat with the bot, as that person sees it. */
import { doing, press } from './acts.js';
import { get } from './api.js';
import { box } from './box.js';
import { avatar, h, name } from './dom.js';
import { back, foot, showMessages } from './pane.js';
import { again, firstDay } from './world.js';

const NO_APP = 'Install the app first: Teams lets nobody write to a bot that they do not have.';

/** Draws the chat of the person `id`, unless the reader went elsewhere meanwhile (`current`). */
export async function loadChat(pane, id, current) {
  const chat = await get(`/chats/${encodeURIComponent(id)}`);
  const who = await again(pane.here, id);
  if (!current()) return;
  const people = (one) =>
    one === id ? who.display_name : (pane.here.known.get(one)?.display_name ?? 'Somebody');
  headOfPerson(pane, who);
  const messages = chat.messages ?? [];
  showMessages(
    pane,
    messages,
    { people, mine: id, press: (message, action) => press(pane.context, id, message, action) },
    () => [
      about(who),
      !messages.length &&
        h(
          'p',
          { class: 'empty' },
          who.installed ? 'The bot has not written yet.' : 'No chat with the bot yet.',
        ),
    ],
  );
  foot(pane, `${id} ${who.installed}`, () =>
    who.installed ? personalBox(pane, who) : installBar(pane, who),
  );
}

function headOfPerson(pane, who) {
  const given = who.given_name || who.display_name;
  const uninstall = () => doing(pane.context, 'uninstall_personal', who.id);
  const button =
    who.installed &&
    h(
      'button',
      { type: 'button', class: 'button', 'aria-label': 'Uninstall the app', onclick: uninstall },
      'Uninstall',
      h('span', { class: 'long' }, ' the app'),
    );
  pane.head.replaceChildren(
    back(),
    avatar(who.id, who.display_name),
    h(
      'div',
      { class: 'talk-title' },
      h('h2', {}, name(who.display_name)),
      h('p', {}, 'Chat with Onboarding, as ', name(given), ' sees it'),
    ),
    h('div', { class: 'talk-tools' }, button),
  );
}

function about(who) {
  const facts = [who.job_title, who.department, who.office].filter(Boolean).join(' · ');
  const more = [
    firstDay(who) ?? (who.start_date && `Since ${who.start_date}`),
    who.locale,
    who.time_zone,
  ]
    .filter(Boolean)
    .join(' · ');
  return h(
    'div',
    { class: 'about-person' },
    avatar(who.id, who.display_name),
    h('p', { class: 'about-name' }, name(who.display_name)),
    h('p', {}, facts),
    h('p', {}, more),
    h('p', { class: 'upn' }, who.upn),
  );
}

function installBar(pane, who) {
  return h(
    'div',
    { class: 'install-bar' },
    h('p', {}, NO_APP),
    h(
      'button',
      {
        type: 'button',
        class: 'button primary',
        onclick: () => doing(pane.context, 'install_personal', who.id),
      },
      'Install the app',
    ),
  );
}

function personalBox(pane, who) {
  return box({
    label: `Write to the bot as ${who.display_name}`,
    hint: 'Type a message to the bot',
    send: (text) => doing(pane.context, 'write', who.id, { chat: 'personal', text }),
  });
}
