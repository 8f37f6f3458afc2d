/** The middle of the window: which conversation is open. */
import { loadChannel } from './channel.js';
import { h, icon } from './dom.js';
import { loadGroup } from './group.js';
import { loadChat } from './personal.js';

const LOADERS = { person: loadChat, channel: loadChannel, group: loadGroup };
const NEAR_END = 80;

/** Draws conversations into `root`. `context` is `{tell, changed}`: notices, and a reload after an act. */
export function talk(root, here, context) {
  const pane = {
    root,
    here,
    context,
    drawn: new Map(),
    threads: new Map(),
    turn: 0,
    refresh: () => refresh(pane),
  };
  return { open: (place) => open(pane, place), refresh: pane.refresh };
}

async function refresh(pane) {
  try {
    if (pane.here.place) await load(pane, pane.here.place);
  } catch (problem) {
    pane.context.tell.notice(problem.message, true);
  }
}

async function open(pane, place) {
  pane.turn += 1;
  Object.assign(pane, { drawn: new Map(), threads: new Map(), stuck: true, amount: 0, placed: 0 });
  if (!place) return pane.root.replaceChildren(nowhere());
  pane.head = h('header', { class: 'talk-head' });
  pane.log = h('div', { class: 'log', role: 'log', 'aria-label': 'Messages', tabindex: 0 });
  pane.foot = h('div', { class: 'talk-foot' });
  pane.log.addEventListener('scroll', () => follow(pane));
  pane.root.replaceChildren(pane.head, pane.log, pane.foot);
  try {
    await load(pane, place);
  } catch (problem) {
    pane.log.replaceChildren(h('p', { class: 'empty' }, problem.message));
  }
  return undefined;
}

/** Whoever scrolls up is not pulled down by the next message. */
function follow(pane) {
  const { scrollTop, scrollHeight, clientHeight } = pane.log;
  pane.stuck =
    scrollHeight - scrollTop - clientHeight < NEAR_END || Math.abs(scrollTop - pane.placed) < 2;
}

function load(pane, place) {
  const { turn } = pane;
  return LOADERS[place.kind](pane, place.id, () => turn === pane.turn);
}

function nowhere() {
  return h(
    'div',
    { class: 'nowhere' },
    h('span', { class: 'big-mark' }, icon('app')),
    h('h2', {}, 'A small Microsoft Teams, on this computer'),
    h(
      'p',
      {},
      'Choose somebody on the left to see what they see: their chat with the bot, its cards, its buttons. You act as that person.',
    ),
    h(
      'p',
      {},
      'Or open a team and add the app to it, then add people, and watch whom the bot greets.',
    ),
  );
}
