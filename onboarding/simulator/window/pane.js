/** What the three kinds of conversation share: one log that follows, one foot, names of who wrote. */
import { h, icon } from './dom.js';
import { arrange, keep } from './messages.js';
import { person } from './world.js';

/** The way from a conversation to the list, on a phone. */
export function back() {
  return h(
    'a',
    { class: 'icon-button back', href: '#', 'aria-label': 'Back to the list' },
    icon('back'),
  );
}

/** Puts `make()` beneath the log, once per `key`, so that what somebody types there is not lost. */
export function foot(pane, key, make) {
  if (pane.foot.dataset.key === key) return;
  pane.foot.dataset.key = key;
  pane.foot.replaceChildren(make());
}

/** Names of everybody who wrote, fetched once. */
export async function learn(pane, messages) {
  const ids = [...new Set(messages.map((message) => message.from))].filter(
    (id) => id && id !== 'bot' && !pane.here.known.has(id),
  );
  await Promise.all(ids.slice(0, 50).map((id) => person(pane.here, id).catch(() => null)));
}

/** Shows a list of messages, after the nodes of `before()`. */
export function showMessages(pane, messages, options, before) {
  const list = pane.list?.isConnected ? pane.list : (pane.list = h('div', { class: 'messages' }));
  keep(list, messages, options, pane.drawn);
  place(pane, [...before().filter(Boolean), list]);
}

/**
 * Shows the nodes. When messages came, and the reader had not scrolled up, the view moves to the end,
 * or to the head of the last message if that is taller than the screen.
 */
export function place(pane, nodes) {
  arrange(pane.log, nodes);
  const messages = [...pane.log.querySelectorAll('.message')];
  if (!pane.stuck || messages.length === pane.amount) return;
  pane.amount = messages.length;
  const last = messages.at(-1);
  const end = pane.log.scrollHeight - pane.log.clientHeight;
  const head = last
    ? last.getBoundingClientRect().top -
      pane.log.getBoundingClientRect().top +
      pane.log.scrollTop -
      12
    : end;
  pane.placed = Math.max(0, Math.floor(Math.min(end, head)));
  pane.log.scrollTop = pane.placed;
  pane.stuck = true;
}
