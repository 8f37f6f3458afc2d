/** Questions in a dialog: who, where, how it shall be called. */
import { get } from './api.js';
import { avatar, count, h, icon, name, soon } from './dom.js';

const MOST_SHOWN = 40;
const MOST_SEARCHED = 500;

/**
 * Asks and resolves to `{field name: value}`, or null when dismissed. A field is
 * `{name, label, kind: 'people'|'person'|'select'|'text', options?, value?, note?}`; people may be chosen
 * `among` a query's, `without` a team's members, and with `first` chosen from the start.
 */
export function ask({ title, about, fields, confirm }) {
  return new Promise((resolve) => {
    const made = fields.map((field) => [field.name, FIELDS[field.kind](field)]);
    const problem = h('p', { class: 'problem', role: 'alert' });
    const form = h(
      'form',
      { method: 'dialog', novalidate: true },
      h(
        'header',
        {},
        h('h2', { id: 'dialog-title' }, title),
        closer(() => dialog.close()),
      ),
      about && h('p', { class: 'about' }, about),
      h(
        'div',
        { class: 'fields' },
        made.map(([, field]) => field.node),
      ),
      problem,
      h(
        'footer',
        {},
        h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Cancel'),
        h('button', { type: 'submit', class: 'button primary' }, confirm),
      ),
    );
    const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' }, form);
    let answer = null;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const missing = made.find(([, field]) => !field.value().length);
      if (missing)
        return void (problem.textContent = `${fields.find((one) => one.name === missing[0]).label}: please choose.`);
      answer = Object.fromEntries(made.map(([key, field]) => [key, field.value()]));
      return dialog.close();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function closer(close) {
  return h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: close },
    icon('close'),
  );
}

const FIELDS = {
  person: (field) => peopleField(field, false),
  people: (field) => peopleField(field, true),
  select: (field) => {
    const node = h(
      'select',
      { 'aria-label': field.label },
      field.options.map((one) => h('option', { value: one.value }, one.title)),
    );
    node.value = field.value ?? field.options[0]?.value ?? '';
    return { node: labelled(field, node), value: () => node.value };
  },
  text: (field) => {
    const node = h('input', { type: 'text', maxlength: field.max ?? 80, autocomplete: 'off' });
    node.value = field.value ?? '';
    return { node: labelled(field, node), value: () => node.value.trim() };
  },
};

function labelled(field, node) {
  return h(
    'label',
    { class: 'field' },
    h('span', {}, field.label),
    node,
    field.note && h('small', {}, field.note),
  );
}

let serial = 0;

/** Search box, results to tick, and what is ticked so far. */
function peopleField(field, several) {
  const chosen = new Map();
  const group = `people-${(serial += 1)}`;
  const results = h('ul', { class: 'results' });
  const summary = h('p', { class: 'chosen', role: 'status' });
  const search = h('input', {
    type: 'search',
    placeholder: 'Search by name, job or office',
    'aria-label': `${field.label}: search`,
    autocomplete: 'off',
  });
  const tell = () => {
    const names = [...chosen.values()].map((one) => one.display_name);
    summary.replaceChildren(
      ...(names.length
        ? [
            'Chosen: ',
            name(names.slice(0, 3).join(', ')),
            names.length > 3 ? ` and ${names.length - 3} more` : '',
          ]
        : []),
    );
  };
  const pick = (one, on) => {
    if (!several) chosen.clear();
    if (on) chosen.set(one.id, one);
    else chosen.delete(one.id);
    tell();
  };
  const load = async () => {
    const asked = search.value;
    const { items, more } = await fitting(asked.trim(), field);
    if (asked !== search.value) return;
    results.replaceChildren(
      ...items.map((one) => option(one, several, group, chosen.has(one.id), pick)),
    );
    if (more > 0)
      results.append(h('li', { class: 'empty' }, `${count(more)} more: narrow the search`));
    if (!items.length) results.append(h('li', { class: 'empty' }, 'Nobody fits.'));
  };
  search.addEventListener('input', soon(load, 150));
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') event.preventDefault();
  });
  const begin = async () => {
    if (field.first) pick(await get(`/people/${encodeURIComponent(field.first)}`), true);
    await load();
  };
  begin().catch((error) => (summary.textContent = error.message));
  const node = h(
    'fieldset',
    { class: 'field people' },
    h('legend', {}, field.label),
    search,
    results,
    summary,
    field.note && h('small', {}, field.note),
  );
  return { node, value: () => (several ? [...chosen.keys()] : ([...chosen.keys()][0] ?? '')) };
}

/** Who fits the words and the field, and how many more there are. */
async function fitting(words, { among, without }) {
  const limit = without ? MOST_SEARCHED : MOST_SHOWN;
  const [found, members] = await Promise.all([
    get('/people', { search: words, limit, ...among }),
    without ? get('/people', { search: words, team: without, limit }) : { items: [] },
  ]);
  const inside = new Set(members.items.map((one) => one.id));
  const left = found.items.filter((one) => !inside.has(one.id));
  const beyond = found.total - found.items.length;
  return { items: left.slice(0, MOST_SHOWN), more: beyond + Math.max(0, left.length - MOST_SHOWN) };
}

function option(one, several, group, on, pick) {
  const box = h('input', {
    type: several ? 'checkbox' : 'radio',
    name: group,
    onchange: () => pick(one, box.checked),
  });
  box.checked = on;
  return h(
    'li',
    {},
    h(
      'label',
      { class: 'option' },
      box,
      avatar(one.id, one.display_name),
      h(
        'span',
        { class: 'row-text' },
        h('span', { class: 'row-name' }, name(one.display_name)),
        h('span', { class: 'row-detail' }, [one.job_title, one.office].filter(Boolean).join(' · ')),
      ),
    ),
  );
}

/** A short menu beneath a button: `[{title, run}]`. Escape and a click elsewhere close it. */
export function menu(opener, entries) {
  const list = h(
    'div',
    { class: 'menu', role: 'menu' },
    entries.filter(Boolean).map((entry) =>
      h(
        'button',
        {
          type: 'button',
          role: 'menuitem',
          class: entry.danger ? 'danger' : null,
          onclick: () => {
            shut(true);
            entry.run();
          },
        },
        entry.title,
      ),
    ),
  );
  const shut = (back) => {
    list.remove();
    document.removeEventListener('pointerdown', outside, true);
    opener.setAttribute('aria-expanded', 'false');
    if (back) opener.focus();
  };
  const outside = (event) => {
    if (!list.contains(event.target)) shut(false);
  };
  list.addEventListener('keydown', (event) => steer(event, list, shut));
  list.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !list.contains(event.relatedTarget)) shut(false);
  });
  document.body.append(list);
  place(list, opener.getBoundingClientRect());
  opener.setAttribute('aria-expanded', 'true');
  document.addEventListener('pointerdown', outside, true);
  list.firstElementChild.focus();
}

function steer(event, list, shut) {
  const items = [...list.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === 'Escape') shut(true);
  else if (to === undefined) return;
  else items.at(to % items.length).focus();
  event.preventDefault();
}

function place(list, box) {
  const width = list.offsetWidth;
  const height = list.offsetHeight;
  list.style.left = `${Math.max(8, Math.min(box.right - width, innerWidth - width - 8))}px`;
  list.style.top = `${box.bottom + height + 8 > innerHeight ? Math.max(8, box.top - height - 4) : box.bottom + 4}px`;
}
