/** Adaptive Card inputs: what a person can fill in, and what is sent when a button is pressed. */
import { h } from './dom.js';

let serial = 0;

/**
 * One input with its label and its error line. `fields` receives `{id, value(), problem()}`;
 * values are strings, as Teams sends them.
 */
export function input(element, fields) {
  const kind = KINDS[element.type];
  const id = `field-${(serial += 1)}`;
  const made = kind(element, id);
  const error = h('p', { class: 'ac-error', id: `${id}-error`, role: 'alert', hidden: true });
  const label =
    element.label &&
    h(
      made.group ? 'legend' : 'label',
      { for: made.group ? null : id, class: 'ac-label' },
      String(element.label),
      element.isRequired && h('span', { class: 'ac-required', title: 'Required' }, ' *'),
    );
  made.control.setAttribute('aria-describedby', error.id);
  if (!element.label && !made.labelled)
    made.control.setAttribute('aria-label', element.placeholder || element.id || 'Input');
  fields.push({
    id: String(element.id ?? ''),
    value: made.value,
    problem: () => problem(element, made, error),
  });
  return h(made.group ? 'fieldset' : 'div', { class: 'ac-input' }, label, made.control, error);
}

export const isInput = (type) => String(type) in KINDS;

const KINDS = {
  __proto__: null,
  'Input.Text': textInput,
  'Input.Number': (element, id) =>
    plain(element, id, { type: 'number', min: element.min, max: element.max, step: 'any' }),
  'Input.Date': (element, id) =>
    plain(element, id, { type: 'date', min: element.min, max: element.max }),
  'Input.Time': (element, id) =>
    plain(element, id, { type: 'time', min: element.min, max: element.max }),
  'Input.Toggle': toggle,
  'Input.ChoiceSet': choices,
};

function plain(element, id, attributes) {
  const control = h('input', { id, placeholder: element.placeholder, ...attributes });
  control.value = element.value ?? '';
  return { control, value: () => control.value };
}

function textInput(element, id) {
  const maxlength = element.maxLength;
  if (!element.isMultiline) {
    const type =
      { Email: 'email', Tel: 'tel', Url: 'url', Password: 'password' }[capital(element.style)] ??
      'text';
    return plain(element, id, { type, maxlength });
  }
  const control = h('textarea', { id, rows: 3, maxlength, placeholder: element.placeholder });
  control.value = element.value ?? '';
  return { control, value: () => control.value };
}

function toggle(element, id) {
  const [on, off] = [String(element.valueOn ?? 'true'), String(element.valueOff ?? 'false')];
  const box = h('input', { type: 'checkbox', id });
  box.checked = String(element.value ?? off) === on;
  const control = h(
    'label',
    { class: 'ac-choice' },
    box,
    h('span', {}, String(element.title ?? '')),
  );
  return {
    control,
    labelled: true,
    value: () => (box.checked ? on : off),
    empty: () => !box.checked,
  };
}

function choices(element, id) {
  const several = Boolean(element.isMultiSelect);
  const chosen = new Set(
    several ? String(element.value ?? '').split(',') : [String(element.value ?? '')],
  );
  return several || capital(element.style) === 'Expanded'
    ? expanded(element, id, several, chosen)
    : compact(element, id, chosen);
}

function expanded(element, id, several, chosen) {
  const boxes = listed(element).map((choice) => {
    const box = h('input', { type: several ? 'checkbox' : 'radio', name: id, value: choice.value });
    box.checked = chosen.has(choice.value);
    return [box, h('label', { class: 'ac-choice' }, box, h('span', {}, choice.title))];
  });
  const control = h(
    'div',
    { class: 'ac-choices' },
    boxes.map(([, label]) => label),
  );
  const value = () =>
    boxes
      .filter(([box]) => box.checked)
      .map(([box]) => box.value)
      .join(',');
  return { control, value, group: true, labelled: Boolean(element.label) };
}

function compact(element, id, chosen) {
  const blank = h('option', { value: '' }, element.placeholder ?? '');
  const options = listed(element).map((choice) =>
    h('option', { value: choice.value }, choice.title),
  );
  const control = h('select', { id }, blank, options);
  control.value = [...chosen][0];
  return { control, value: () => control.value };
}

function listed(element) {
  const all = Array.isArray(element.choices) ? element.choices : [];
  return all.map((choice) => ({
    title: String(choice?.title ?? ''),
    value: String(choice?.value ?? ''),
  }));
}

function capital(style) {
  return String(style ?? '').replace(/^./, (first) => first.toUpperCase());
}

/** Shows and returns what is wrong with an input, or hides the line and returns null. */
function problem(element, made, error) {
  const found = wrong(element, made);
  error.textContent = found ?? '';
  error.hidden = !found;
  made.control.toggleAttribute('aria-invalid', Boolean(found));
  return (
    found &&
    (made.control.matches('input,select,textarea')
      ? made.control
      : made.control.querySelector('input'))
  );
}

function wrong(element, made) {
  const value = made.value();
  if (made.empty?.() ?? value === '')
    return element.isRequired ? element.errorMessage || 'This is required.' : null;
  if (made.control.validity && !made.control.validity.valid)
    return element.errorMessage || made.control.validationMessage;
  return element.regex && !matches(element.regex, value)
    ? element.errorMessage || 'This does not fit.'
    : null;
}

function matches(pattern, value) {
  try {
    return new RegExp(pattern).test(value);
  } catch {
    return true;
  }
}
