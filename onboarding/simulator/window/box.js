/** The box to write in. */
import { h, icon } from './dom.js';

/** Whether the message mentions the bot; without it Teams does not show it to the bot. */
export function mentionToggle(mention) {
  return h(
    'label',
    { class: 'mention-toggle' },
    mention,
    h('span', { class: 'mention' }, '@Onboarding'),
  );
}

/** A form that calls `send(text)`; when that resolves to nothing, the text is given back. */
export function box({ label, hint, send, tools = [] }) {
  const words = h('textarea', { rows: 1, placeholder: hint, 'aria-label': label, maxlength: 4000 });
  const button = h(
    'button',
    { type: 'submit', class: 'icon-button', 'aria-label': 'Send' },
    icon('send'),
  );
  const form = h('form', { class: 'box' }, words, h('div', { class: 'box-tools' }, tools, button));
  words.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  words.addEventListener('input', () => {
    words.style.height = 'auto';
    words.style.height = `${Math.min(words.scrollHeight, 160)}px`;
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = words.value.trim();
    if (!text || button.disabled) return;
    button.disabled = true;
    words.value = '';
    words.style.height = 'auto';
    if (!(await send(text))) words.value = words.value || text;
    button.disabled = false;
    words.focus();
  });
  return form;
}
