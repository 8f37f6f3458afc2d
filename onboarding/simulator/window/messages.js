/** Messages of a chat or a channel as nodes, kept and only redrawn where something changed. */
import { avatar, botAvatar, clock, day, h, icon, name } from './dom.js';
import { renderCard } from './card.js';
import { markdown } from './markdown.js';

const BOT = 'bot';

/** A node for one message. `people` maps ids to names; `mine` is the reader's id; `press(message, action)`. */
export function messageNode(message, { people, mine, press, compact = false }) {
  const bot = message.from === BOT;
  const own = !compact && message.from === mine;
  const who = bot
    ? h('span', { class: 'sender' }, 'Onboarding', h('span', { class: 'app-badge' }, 'App'))
    : h('span', { class: 'sender' }, name(people(message.from)));
  const edited = message.updated && !message.recalled;
  return h(
    'article',
    {
      class: `message${bot ? ' from-bot' : ''}${own ? ' own' : ''}`,
      tabindex: -1,
      'data-id': message.id,
    },
    !own && (bot ? botAvatar() : avatar(message.from, people(message.from))),
    h(
      'div',
      { class: 'said' },
      h(
        'header',
        {},
        own ? h('span', { class: 'sender' }, name(people(message.from))) : who,
        h('time', { datetime: message.at }, clock(message.at)),
        edited && h('span', { class: 'edited' }, 'Updated'),
      ),
      message.recalled ? recalled() : content(message, press),
    ),
  );
}

function recalled() {
  return h('p', { class: 'recalled' }, icon('deleted'), 'This message was deleted.');
}

function content(message, press) {
  const words =
    message.from === BOT ? markdown(message.text) : mentioned(message.text, message.entities);
  const text = message.text && h('div', { class: 'bubble', dir: 'auto' }, words);
  if (!message.card) return text || h('p', { class: 'recalled' }, 'An empty message.');
  return h('div', { class: 'with-card' }, text, card(message, press));
}

function card(message, press) {
  try {
    return renderCard(message.card, { onAction: (action) => press(message, action) });
  } catch (problem) {
    return h(
      'div',
      { class: 'ac-warning', role: 'note' },
      icon('warning'),
      `This card cannot be drawn: ${problem.message}`,
    );
  }
}

/** A person's words; `<at>` tags that an entity declares become mentions, all else stays as written. */
function mentioned(text, entities = []) {
  const call = !entities.length && String(text).match(/^@Onboarding\b/)?.[0];
  if (call) return [h('span', { class: 'mention' }, call), String(text).slice(call.length)];
  const known = entities.filter((one) => one?.type === 'mention' && one.text);
  const parts = [];
  let rest = String(text ?? '');
  while (rest) {
    const next = known
      .map((one) => [rest.indexOf(one.text), one])
      .filter(([at]) => at >= 0)
      .sort((one, other) => one[0] - other[0])[0];
    if (!next) break;
    const [at, entity] = next;
    parts.push(
      rest.slice(0, at),
      h(
        'bdi',
        { class: 'mention', dir: 'auto' },
        entity.mentioned?.name ?? entity.text.replace(/<\/?at>/g, ''),
      ),
    );
    rest = rest.slice(at + entity.text.length);
  }
  return [...parts, rest];
}

/** Keeps `container` showing `messages`, with a line between days; unchanged ones are left alone. */
export function keep(container, messages, options, drawn) {
  const wanted = [];
  let date = '';
  for (const message of messages) {
    const today = day(message.at);
    if (today !== date && !options.compact) wanted.push(line(drawn, (date = today)));
    wanted.push(kept(drawn, message, options));
  }
  arrange(container, wanted);
}

function line(drawn, text) {
  const key = `day ${text}`;
  if (!drawn.has(key)) drawn.set(key, { node: h('p', { class: 'day' }, h('span', {}, text)) });
  return drawn.get(key).node;
}

function kept(drawn, message, options) {
  const looks = JSON.stringify([
    message.text,
    message.card,
    message.updated,
    message.recalled,
    options.people(message.from),
  ]);
  const before = drawn.get(message.id);
  if (before?.looks === looks) return before.node;
  const node = messageNode(message, options);
  const held = before?.node.contains(document.activeElement);
  if (before) {
    before.node.replaceWith(node);
    node.classList.add('changed');
  }
  if (held) node.focus({ preventScroll: true });
  drawn.set(message.id, { looks, node });
  return node;
}

/** Puts exactly these nodes into the container, moving as few as possible. */
export function arrange(container, wanted) {
  const keepers = new Set(wanted);
  for (const child of [...container.children]) if (!keepers.has(child)) child.remove();
  wanted.forEach((node, at) => {
    if (container.children[at] !== node)
      container.insertBefore(node, container.children[at] ?? null);
  });
}
