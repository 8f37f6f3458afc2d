/** Adaptive Cards 1.5 as Teams shows them. A card is data: text becomes text nodes, links are https only. */
import { actionSet, selectable } from './actions.js';
import { h, icon } from './dom.js';
import { input, isInput } from './inputs.js';
import { markdown, safeUrl } from './markdown.js';
import {
  COLOURS,
  SIDES,
  SIZES,
  SPACING,
  STYLES,
  supported,
  unmet,
  WEIGHTS,
  word,
} from './schema.js';

const DEEPEST = 24;
const RTL = /^(ar|fa|he|ur|yi)\b/i;

/**
 * An element for a card. `onAction({type, verb, id, title, data})` is called for Action.Execute and
 * Action.Submit with the inputs merged in; it may return a promise of `{error}` or `{note}`, which is
 * shown beneath the card. Images that are not `data:` URLs are drawn as a named frame: nothing is fetched.
 */
export function renderCard(card, { onAction = async () => {} } = {}) {
  if (card?.type !== 'AdaptiveCard')
    return warning(`This is not an Adaptive Card (type: ${card?.type ?? 'missing'}).`);
  const status = h('div', { class: 'ac-status', role: 'status' });
  const scope = {
    onAction,
    status,
    fields: [],
    byId: new Map(),
    mentions: mentionsOf(card),
    depth: 0,
    parent: null,
    contents,
  };
  const root = h('div', {
    class: 'ac-card',
    role: 'group',
    'aria-label': card.speak || 'Card',
    lang: card.lang,
    dir: direction(card),
  });
  scope.root = root;
  if (!supported(card.version))
    root.append(warning(`Version ${card.version} is newer than Teams shows (1.5).`));
  root.append(...contents(card, scope), ...(card.actions?.length ? [actionSet(card, scope)] : []));
  if (card.minHeight) root.style.minHeight = pixels(card.minHeight);
  selectable(root, card.selectAction, scope);
  return h('div', { class: `ac-frame${isFull(card) ? ' full' : ''}` }, root, status);
}

const isFull = (card) => String(card.msteams?.width ?? '').toLowerCase() === 'full';

function direction(card) {
  if (typeof card.rtl === 'boolean') return card.rtl ? 'rtl' : 'ltr';
  if (card.lang) return RTL.test(card.lang) ? 'rtl' : 'ltr';
  return null;
}

function mentionsOf(card) {
  const entities = Array.isArray(card.msteams?.entities) ? card.msteams.entities : [];
  return entities
    .filter((one) => one?.type === 'mention' && one.mentioned?.id)
    .map((one) => ({ text: String(one.text ?? ''), name: String(one.mentioned.name ?? '') }));
}

const ELEMENTS = {
  __proto__: null,
  TextBlock: textBlock,
  RichTextBlock: richText,
  Container: container,
  ColumnSet: columnSet,
  FactSet: factSet,
  Image: image,
  ImageSet: imageSet,
  ActionSet: actionSet,
  Table: table,
};

function contents(box, scope) {
  const inside = { ...scope, depth: scope.depth + 1 };
  if (inside.depth > DEEPEST) return [warning('This card is nested too deeply.')];
  const items = box.body ?? box.items ?? [];
  return Array.isArray(items) ? items.map((item) => element(item, inside)).filter(Boolean) : [];
}

/** One element with its spacing, separator and visibility; an unknown one gives way to its `fallback`. */
function element(item, scope, tries = 0) {
  const draw =
    ELEMENTS[item?.type] ?? (isInput(item?.type) ? (one) => input(one, scope.fields) : null);
  if (!draw || unmet(item.requires)) return fallback(item, scope, tries);
  const node = draw(item, scope);
  node.classList.add('ac-el', `sp-${word(item.spacing, SPACING, 'default')}`);
  if (item.separator) node.classList.add('ac-sep');
  if (item.height === 'stretch') node.classList.add('ac-tall');
  if (item.isVisible === false) node.hidden = true;
  if (item.id) scope.byId.set(String(item.id), node);
  return node;
}

function fallback(item, scope, tries) {
  if (item?.fallback === 'drop') return null;
  if (item?.fallback && typeof item.fallback === 'object' && tries < 5)
    return element(item.fallback, scope, tries + 1);
  const box = warning(`Teams cannot show “${item?.type ?? typeof item}”.`);
  box.classList.add('ac-el', 'sp-default');
  return box;
}

function warning(text) {
  return h('div', { class: 'ac-warning', role: 'note' }, icon('warning'), h('span', {}, text));
}

function pixels(value) {
  const size = String(value).match(/^(\d{1,4})(px)?$/);
  return size ? `${size[1]}px` : '';
}

function looks(item) {
  return [
    `size-${word(item.size, SIZES, 'default')}`,
    `weight-${word(item.weight, WEIGHTS, 'default')}`,
    `color-${word(item.color, COLOURS, 'default')}`,
    item.isSubtle && 'subtle',
    word(item.fontType, ['monospace'], '') && 'mono',
    item.italic && 'italic',
    item.strikethrough && 'struck',
    item.underline && 'underlined',
    item.highlight && 'marked',
  ]
    .filter(Boolean)
    .join(' ');
}

function textBlock(item, scope) {
  const heading = word(item.style, ['heading'], '');
  const node = h(
    'div',
    {
      class: `ac-text ${looks(item)} align-${word(item.horizontalAlignment, SIDES, 'start')}${item.wrap ? ' wrap' : ''}`,
      role: heading ? 'heading' : null,
      'aria-level': heading ? 3 : null,
      dir: scope.root.dir ? null : 'auto',
    },
    markdown(item.text, scope.mentions),
  );
  if (item.wrap && item.maxLines > 0) {
    node.classList.add('clamped');
    node.style.webkitLineClamp = String(Math.floor(item.maxLines));
  }
  return node;
}

function richText(item, scope) {
  const runs = (Array.isArray(item.inlines) ? item.inlines : []).map((one) => textRun(one, scope));
  return h(
    'p',
    { class: `ac-text wrap align-${word(item.horizontalAlignment, SIDES, 'start')}` },
    runs,
  );
}

function textRun(run, scope) {
  if (typeof run === 'string') return document.createTextNode(run);
  const node = h('span', { class: looks(run ?? {}) }, String(run?.text ?? ''));
  selectable(node, run?.selectAction, scope);
  return node;
}

function container(item, scope) {
  const style = word(item.style, STYLES, '');
  const node = h(
    'div',
    {
      class: `ac-box ${style && `style-${style}`} ${item.bleed ? 'bleed' : ''} valign-${word(item.verticalContentAlignment, ['top', 'center', 'bottom'], 'top')}`,
      dir: typeof item.rtl === 'boolean' ? (item.rtl ? 'rtl' : 'ltr') : null,
    },
    contents(item, scope),
  );
  if (item.minHeight) node.style.minHeight = pixels(item.minHeight);
  selectable(node, item.selectAction, scope);
  return node;
}

function columnSet(item, scope) {
  const columns = Array.isArray(item.columns) ? item.columns : [];
  const style = word(item.style, STYLES, '');
  const node = h(
    'div',
    {
      class: `ac-columns ${style && `style-${style}`} ${item.bleed ? 'bleed' : ''} justify-${word(item.horizontalAlignment, SIDES, 'left')}`,
    },
    columns.map((one) => column(one, scope)),
  );
  selectable(node, item.selectAction, scope);
  return node;
}

function column(item, scope) {
  const node = container(item ?? {}, scope);
  const width = item?.width ?? 'stretch';
  const weight = Number(width);
  node.classList.add('ac-column', 'ac-el', `sp-${word(item?.spacing, SPACING, 'default')}`);
  if (item?.separator) node.classList.add('ac-sep');
  if (item?.isVisible === false) node.hidden = true;
  if (item?.id) scope.byId.set(String(item.id), node);
  if (weight > 0) node.style.flex = `${weight} 1 0`;
  else if (pixels(width)) node.style.flex = `0 0 ${pixels(width)}`;
  else node.classList.add(width === 'auto' ? 'auto' : 'stretch');
  return node;
}

function factSet(item, scope) {
  const facts = (Array.isArray(item.facts) ? item.facts : []).filter(Boolean);
  return h(
    'dl',
    { class: 'ac-facts' },
    facts.map((fact) => [
      h('dt', {}, markdown(fact.title, scope.mentions)),
      h('dd', {}, markdown(fact.value, scope.mentions)),
    ]),
  );
}

function image(item, scope) {
  const url = String(item.url ?? '');
  const text = String(item.altText ?? '');
  const drawn = url.startsWith('data:image/')
    ? h('img', { src: url, alt: text })
    : h(
        'span',
        { class: 'ac-picture', role: 'img', 'aria-label': text || 'Picture without a description' },
        icon('picture'),
        h('span', {}, text || (safeUrl(url) ? new URL(url).hostname : 'not https')),
      );
  const node = h(
    'div',
    {
      class: `ac-image isize-${word(item.size, ['small', 'medium', 'large', 'stretch'], 'auto')} align-${word(item.horizontalAlignment, SIDES, 'start')}${word(item.style, ['person'], '') && ' round'}`,
    },
    drawn,
  );
  if (pixels(item.width)) drawn.style.width = pixels(item.width);
  if (pixels(item.height)) drawn.style.height = pixels(item.height);
  selectable(node, item.selectAction, scope);
  return node;
}

function imageSet(item, scope) {
  const pictures = Array.isArray(item.images) ? item.images : [];
  return h(
    'div',
    { class: 'ac-images' },
    pictures.map((one) => image({ size: item.imageSize ?? 'medium', ...one }, scope)),
  );
}

function table(item, scope) {
  const header = item.firstRowAsHeader !== false;
  const rows = (Array.isArray(item.rows) ? item.rows : []).map((row, at) =>
    h(
      'tr',
      {},
      (row?.cells ?? []).map((cell) =>
        h(
          header && at === 0 ? 'th' : 'td',
          { scope: header && at === 0 ? 'col' : null },
          h('div', { class: 'ac-box' }, contents(cell ?? {}, scope)),
        ),
      ),
    ),
  );
  const node = h(
    'table',
    { class: item.showGridLines === false ? '' : 'grid' },
    h('tbody', {}, rows),
  );
  return h('div', { class: 'ac-table' }, node);
}
