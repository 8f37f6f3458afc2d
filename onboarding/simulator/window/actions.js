/** Buttons of an Adaptive Card, and what happens when they are pressed. */
import { h, icon } from './dom.js';
import { safeUrl } from './markdown.js';
import { SIDES, unmet, word } from './schema.js';

const DEEPEST = 24;
const MOST_ACTIONS = 6;

const ACTIONS = {
  __proto__: null,
  'Action.Execute': press,
  'Action.Submit': press,
  'Action.OpenUrl': () => {},
  'Action.ShowCard': () => {},
  'Action.ToggleVisibility': toggleVisibility,
};

/** A row of buttons. More than six, and those of mode `secondary`, stand behind a “More” button. */
export function actionSet(item, scope) {
  const known = (Array.isArray(item.actions) ? item.actions : [])
    .map((one) => usable(one))
    .filter(Boolean);
  const primary = known
    .filter((one) => word(one.mode, ['secondary'], '') === '')
    .slice(0, MOST_ACTIONS);
  const rest = known.filter((one) => !primary.includes(one));
  const shown = h('div', { class: 'ac-showcards' });
  const buttons = primary.map((one) => button(one, scope, shown));
  const row = h(
    'div',
    { class: `ac-actions align-${word(item.horizontalAlignment, SIDES, 'start')}` },
    buttons,
  );
  if (rest.length) row.append(overflow(rest, scope, shown));
  return h('div', { class: 'ac-actionset' }, row, shown);
}

function usable(action, tries = 0) {
  if (ACTIONS[action?.type] && !unmet(action.requires)) return action;
  if (action?.fallback === 'drop') return null;
  if (action?.fallback && typeof action.fallback === 'object' && tries < 5)
    return usable(action.fallback, tries + 1);
  return {
    type: 'unknown',
    title: action?.title ?? String(action?.type),
    isEnabled: false,
    tooltip: `Teams does not know ${action?.type}.`,
  };
}

function overflow(actions, scope, shown) {
  const menu = h(
    'div',
    { class: 'ac-more', hidden: true },
    actions.map((one) => button(one, scope, shown)),
  );
  const opener = h(
    'button',
    {
      type: 'button',
      class: 'ac-button',
      'aria-expanded': 'false',
      'aria-label': 'More actions',
      onclick: () => opener.setAttribute('aria-expanded', String(!(menu.hidden = !menu.hidden))),
    },
    icon('more'),
  );
  return h('div', { class: 'ac-overflow' }, opener, menu);
}

function button(action, scope, shown) {
  const style = word(action.style, ['positive', 'destructive'], 'plain');
  const title = String(action.title ?? '');
  const common = { class: `ac-button ${style}`, title: action.tooltip };
  const href = action.type === 'Action.OpenUrl' ? safeUrl(action.url) : null;
  if (href && action.isEnabled !== false) {
    return h(
      'a',
      { ...common, href, target: '_blank', rel: 'noopener noreferrer' },
      h('span', {}, title),
      icon('open'),
    );
  }
  const off = action.isEnabled === false || action.type === 'Action.OpenUrl';
  const node = h('button', { ...common, type: 'button', disabled: off }, h('span', {}, title));
  if (action.type === 'Action.ShowCard') showCard(action, scope, node, shown);
  else if (!off) node.addEventListener('click', () => ACTIONS[action.type](action, scope, node));
  if (action.id) scope.byId.set(String(action.id), node);
  return node;
}

function showCard(action, scope, opener, shown) {
  const inner = { ...scope, fields: [], parent: scope, depth: scope.depth + 1 };
  const card = action.card ?? {};
  const box = h('div', { class: 'ac-showcard', hidden: true }, scope.contents(card, inner));
  if (card.actions?.length && inner.depth < DEEPEST) box.append(actionSet(card, inner));
  opener.setAttribute('aria-expanded', 'false');
  opener.append(icon('chevron'));
  opener.addEventListener('click', () => {
    for (const other of shown.children) other.hidden = other !== box || !box.hidden;
    for (const one of opener.parentElement.querySelectorAll('[aria-expanded]'))
      one.setAttribute('aria-expanded', 'false');
    opener.setAttribute('aria-expanded', String(!box.hidden));
  });
  shown.append(box);
}

function toggleVisibility(action, scope) {
  for (const target of Array.isArray(action.targetElements) ? action.targetElements : []) {
    const node = scope.byId.get(String(target?.elementId ?? target));
    if (node)
      node.hidden = typeof target?.isVisible === 'boolean' ? !target.isVisible : !node.hidden;
  }
}

/** Checks the inputs, calls `onAction`, and shows what came of it; only one press at a time. */
async function press(action, scope, node) {
  const { root, status } = scope;
  const fields = action.associatedInputs === 'none' ? [] : fieldsOf(scope);
  const bad = fields.map((field) => field.problem()).filter(Boolean);
  if (bad.length) return bad[0].focus();
  if (root.getAttribute('aria-busy')) return undefined;
  root.setAttribute('aria-busy', 'true');
  node.classList.add('busy');
  say(status, '', 'Sending…');
  const told = (await scope.onAction(message(action, fields))) ?? {};
  root.removeAttribute('aria-busy');
  node.classList.remove('busy');
  return say(status, told.error ? 'failed' : '', told.error ?? told.note ?? '');
}

function fieldsOf(scope) {
  return [...(scope.parent ? fieldsOf(scope.parent) : []), ...scope.fields];
}

function message(action, fields) {
  const filled = Object.fromEntries(
    fields.filter((field) => field.id).map((field) => [field.id, field.value()]),
  );
  const data = typeof action.data === 'string' ? action.data : { ...action.data, ...filled };
  return { type: action.type, verb: action.verb, id: action.id, title: action.title, data };
}

function say(status, kind, text) {
  status.className = `ac-status ${kind}`;
  status.replaceChildren(...(kind ? [icon('warning')] : []), text);
}

/** Lets a click or Enter on a node run its `selectAction`. */
export function selectable(node, action, scope) {
  if (!action || action.isEnabled === false || !ACTIONS[action.type]) return;
  const label = action.title ?? action.tooltip;
  const href = action.type === 'Action.OpenUrl' ? safeUrl(action.url) : null;
  node.classList.add('ac-selectable');
  node.tabIndex = 0;
  node.setAttribute('role', href ? 'link' : 'button');
  if (label) node.setAttribute('aria-label', label);
  const go = (event) => {
    if (event.target !== node && event.target.closest('a,button,input,select,textarea,label'))
      return;
    event.stopPropagation();
    if (href) window.open(href, '_blank', 'noopener,noreferrer');
    else ACTIONS[action.type](action, scope, node);
  };
  node.addEventListener('click', go);
  node.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target === node) go(event);
  });
}
