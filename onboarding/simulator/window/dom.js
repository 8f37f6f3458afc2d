/** Small helpers that build DOM nodes. Text always enters as text, never as HTML. */

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes, listeners (`onclick`) and children; null, false and undefined are left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(
    ...children
      .flat(Infinity)
      .filter((child) => child !== null && child !== undefined && child !== false),
  );
  return node;
}

/** One of the drawings in icons.svg, hidden from assistive technology. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Somebody's name, isolated so that a right-to-left name cannot reorder what stands around it. */
export function name(text) {
  return h('bdi', { dir: 'auto', class: 'name' }, text || 'Somebody');
}

/** Up to two letters: first of the first word and first of the last one. */
export function initials(text) {
  const words = (text || '')
    .split(/\s+/)
    .map((word) => word.match(/[\p{L}\p{N}]/u)?.[0])
    .filter(Boolean);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked.join('').toLocaleUpperCase() || '?';
}

/** A round picture with initials; the colour follows the id and so stays the same. */
export function avatar(id, text) {
  let sum = 0;
  for (const letter of id || '') sum = (sum * 31 + letter.codePointAt(0)) % 8191;
  return h('span', { class: `avatar hue-${sum % 8}`, 'aria-hidden': 'true' }, initials(text));
}

/** The bot's picture: a hexagon, as Teams draws apps. */
export function botAvatar() {
  return h('span', { class: 'avatar bot', 'aria-hidden': 'true' }, icon('app'));
}

/** A moment from seconds, milliseconds or an ISO string; an invalid one is null. */
export function moment(value) {
  const date = new Date(typeof value === 'number' && value < 1e11 ? value * 1000 : value);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** `09:41`, in the reader's own manner. */
export function clock(value) {
  return moment(value)?.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) ?? '';
}

/** `Today`, `Yesterday`, or the weekday and date. */
export function day(value, now = new Date()) {
  const date = moment(value);
  if (!date) return '';
  const midnight = (when) =>
    new Date(when.getFullYear(), when.getMonth(), when.getDate()).getTime();
  const ago = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return date.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' });
}

/** Days from today to a date; negative for the past, null when there is no date. */
export function daysUntil(date, now = new Date()) {
  const [year, month, date_] = String(date ?? '')
    .split('T')[0]
    .split('-')
    .map(Number);
  if (!year || !month || !date_) return null;
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  return Math.round((Date.UTC(year, month - 1, date_) - today) / 86_400_000);
}

/** Calls `work` once, `wait` milliseconds after the first of many requests. */
export function soon(work, wait) {
  let timer = 0;
  return () => {
    timer ||= setTimeout(() => {
      timer = 0;
      work();
    }, wait);
  };
}

/** Replaces a container's content and keeps the keyboard's place in it, by `data-key`. */
export function fill(container, nodes) {
  const held = document.activeElement;
  const key = container.contains(held) ? held.dataset.key : null;
  container.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
  if (key)
    container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/**
 * Like `soon`, and gentle: after a run that took long it waits eight times as long before the next one.
 */
export function paced(work, wait) {
  let timer = 0;
  let pause = wait;
  return () => {
    timer ||= setTimeout(async () => {
      const begun = performance.now();
      await work();
      pause = Math.max(wait, 8 * (performance.now() - begun));
      timer = 0;
    }, pause);
  };
}

/** `1,204` */
export function count(number) {
  return Number(number ?? 0).toLocaleString();
}
