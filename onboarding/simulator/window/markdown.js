/** The Markdown that Teams understands in cards (bold, italic, https links, lists), as DOM nodes. */
import { h } from './dom.js';

const ESCAPABLE = /[!-/:-@[-`{-~]/;
const PUNCTUATION = /[\p{P}\p{S}]/u;
const BULLET = /^ {0,3}[-*+] +(.*)$/;
const NUMBER = /^ {0,3}(\d{1,9})[.)] +(.*)$/;
const ENTITY = /^&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));/;
const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/**
 * Nodes for a TextBlock's text. `mentions` are `{text: '<at>…</at>', name}`; only these become mentions,
 * every other tag stays the text that it is.
 */
export function markdown(source, mentions = []) {
  const blocks = blocksOf(String(source ?? '').replace(/\r\n?/g, '\n'));
  const nodes = blocks.map((block) => blockNode(block, mentions));
  const fragment = document.createDocumentFragment();
  if (blocks.length === 1 && blocks[0].kind === 'text') fragment.append(...nodes[0].childNodes);
  else fragment.append(...nodes);
  return fragment;
}

/** An https address, or null: nothing else is ever a link. */
export function safeUrl(text) {
  try {
    const url = new URL(String(text));
    return url.protocol === 'https:' && url.hostname ? url.href : null;
  } catch {
    return null;
  }
}

function blocksOf(text) {
  const blocks = [];
  let open = null;
  for (const line of text.split('\n')) {
    const bullet = line.match(BULLET);
    const number = line.match(NUMBER);
    if (!line.trim()) open = null;
    else if (bullet) open = item(blocks, 'ul', bullet[1]);
    else if (number && (open?.kind !== 'text' || number[1] === '1')) {
      open = item(blocks, 'ol', number[2], Number(number[1]));
    } else if (open) open.lines[open.lines.length - 1] += `\n${line.trimStart()}`;
    else blocks.push((open = { kind: 'text', lines: [line.trimStart()] }));
  }
  return blocks;
}

function item(blocks, kind, line, start = 1) {
  const last = blocks.at(-1);
  if (last?.kind === kind) {
    last.lines.push(line);
    return last;
  }
  blocks.push({ kind, lines: [line], start });
  return blocks.at(-1);
}

function blockNode(block, mentions) {
  if (block.kind === 'text') return h('p', {}, ...inline(block.lines[0], mentions));
  const start = block.kind === 'ol' && block.start !== 1 ? block.start : null;
  const items = block.lines.map((line) => h('li', {}, ...inline(line, mentions)));
  return h(block.kind, { start }, ...items);
}

/** Nodes of one paragraph. Pieces are nodes, or runs of `*` and `_` that may become emphasis. */
function inline(source, mentions, inLink = false) {
  const text = source.trimEnd();
  const pieces = [];
  const say = (words) => {
    const last = pieces.at(-1);
    if (last?.words !== undefined) last.words += words;
    else pieces.push({ words });
  };
  for (let at = 0; at < text.length;) {
    const taken =
      escaped(text, at) ??
      lineBreak(text, at) ??
      entity(text, at) ??
      mention(text, at, mentions) ??
      (inLink ? null : link(text, at, mentions)) ??
      run(text, at);
    if (!taken) say(text[at]);
    else if (taken.words !== undefined) say(taken.words);
    else pieces.push(taken);
    at += taken?.length ?? 1;
  }
  return emphasise(pieces).map(pieceNode);
}

function escaped(text, at) {
  if (text[at] !== '\\') return null;
  if (text[at + 1] === '\n') return { node: h('br'), length: 2 };
  return ESCAPABLE.test(text[at + 1] ?? '') ? { words: text[at + 1], length: 2 } : null;
}

function lineBreak(text, at) {
  const spaces = text.slice(at, at + 80).match(/^( *)\n/);
  if (!spaces) return null;
  return spaces[1].length > 1
    ? { node: h('br'), length: spaces[0].length }
    : { words: ' ', length: spaces[0].length };
}

function entity(text, at) {
  const found = text[at] === '&' && text.slice(at, at + 12).match(ENTITY);
  if (!found) return null;
  const code = found[1] ? Number(found[1]) : Number.parseInt(found[2] ?? '0', 16);
  const words =
    NAMED[found[3]] ?? (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');
  return { words, length: found[0].length };
}

function mention(text, at, mentions) {
  const found =
    text[at] === '<' && mentions.find((one) => one.text && text.startsWith(one.text, at));
  if (!found) return null;
  return {
    node: h('bdi', { class: 'mention', dir: 'auto' }, found.name),
    length: found.text.length,
  };
}

function link(text, at, mentions) {
  if (text[at] !== '[') return null;
  const close = closing(text, at, '[', ']');
  if (close < 0 || text[close + 1] !== '(') return null;
  const end = closing(text, close + 1, '(', ')');
  const target =
    end < 0
      ? null
      : text
          .slice(close + 2, end)
          .trim()
          .split(/\s+["'(]/)[0];
  const href = target && safeUrl(unescape(target.replace(/^<(.*)>$/, '$1')));
  if (!href) return null;
  const label = inline(text.slice(at + 1, close), mentions, true);
  const node = h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, ...label);
  return { node, length: end + 1 - at };
}

function unescape(target) {
  return target.replace(/\\([!-/:-@[-`{-~])/g, '$1').replace(/&amp;/g, '&');
}

/** Where the bracket at `from` closes, or -1; escapes and nested pairs are skipped. */
function closing(text, from, opens, closes) {
  let depth = 0;
  for (let at = from; at < text.length && at - from < 4096; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === opens) depth += 1;
    else if (text[at] === closes && (depth -= 1) === 0) return at;
  }
  return -1;
}

/** A run of `*` or `_`, with CommonMark's rule of what it may open and close. */
function run(text, at) {
  const mark = text[at];
  if (mark !== '*' && mark !== '_') return null;
  let end = at;
  while (text[end] === mark) end += 1;
  const before = text[at - 1] ?? ' ';
  const after = text[end] ?? ' ';
  const [spaceBefore, spaceAfter] = [/\s/.test(before), /\s/.test(after)];
  const [dotBefore, dotAfter] = [PUNCTUATION.test(before), PUNCTUATION.test(after)];
  const left = !spaceAfter && (!dotAfter || spaceBefore || dotBefore);
  const right = !spaceBefore && (!dotBefore || spaceAfter || dotAfter);
  const inWord = mark === '_';
  return {
    mark,
    size: end - at,
    whole: end - at,
    length: end - at,
    opens: left && (!inWord || !right || dotBefore),
    closes: right && (!inWord || !left || dotAfter),
  };
}

function emphasise(pieces) {
  for (let at = 0; at < pieces.length; at += 1) {
    const closer = pieces[at];
    if (!closer.mark || !closer.closes || !closer.size) continue;
    const from = openerBefore(pieces, at);
    if (from < 0) continue;
    const used = closer.size > 1 && pieces[from].size > 1 ? 2 : 1;
    const inside = pieces.slice(from + 1, at).map(pieceNode);
    pieces.splice(from + 1, at - from - 1, {
      node: h(used === 2 ? 'strong' : 'em', {}, ...inside),
    });
    pieces[from].size -= used;
    closer.size -= used;
    at = from + 1;
  }
  return pieces;
}

function openerBefore(pieces, at) {
  const closer = pieces[at];
  for (let from = at - 1; from >= 0; from -= 1) {
    const opener = pieces[from];
    if (opener.mark !== closer.mark || !opener.opens || !opener.size) continue;
    const both = opener.closes || closer.opens;
    const thirds =
      (opener.whole + closer.whole) % 3 === 0 && (opener.whole % 3 || closer.whole % 3);
    if (!(both && thirds)) return from;
  }
  return -1;
}

function pieceNode(piece) {
  return piece.node ?? document.createTextNode(piece.words ?? piece.mark.repeat(piece.size));
}
