/** What pops up at the edge: a notification as Teams shows it, or a notice of the simulator. */
import { botAvatar, h, icon, name } from './dom.js';

const MOST = 3;
const STAYS_MS = 6000;

/** The place for toasts; `notify` for a message that arrived, `notice` for plain words, `more` only counts. */
export function toasts(place) {
  let held = 0;
  const room = () => place.children.length < MOST;
  const more = () => (place.dataset.more = String((held += 1)));
  const show = (node) => {
    if (!room()) place.firstElementChild.remove();
    const drop = () => {
      node.remove();
      if (place.children.length) return;
      delete place.dataset.more;
      held = 0;
    };
    node.append(
      h(
        'button',
        { type: 'button', class: 'icon-button small', 'aria-label': 'Dismiss', onclick: drop },
        icon('close'),
      ),
    );
    place.append(node);
    let timer = setTimeout(drop, STAYS_MS);
    node.addEventListener('pointerenter', () => clearTimeout(timer));
    node.addEventListener('pointerleave', () => (timer = setTimeout(drop, STAYS_MS / 2)));
    node.addEventListener('click', drop);
  };
  return {
    room,
    more,
    notify: ({ who, summary, href }) =>
      show(
        h(
          'div',
          { class: 'toast' },
          botAvatar(),
          h(
            'a',
            { class: 'toast-text', href },
            h('strong', {}, 'Onboarding'),
            h('span', { class: 'to' }, ' to ', name(who)),
            h('span', { class: 'summary', dir: 'auto' }, summary),
          ),
        ),
      ),
    notice: (text, failed = false) =>
      show(
        h(
          'div',
          { class: `toast notice${failed ? ' failed' : ''}` },
          icon(failed ? 'warning' : 'installed'),
          h('span', { class: 'toast-text' }, text),
        ),
      ),
  };
}
