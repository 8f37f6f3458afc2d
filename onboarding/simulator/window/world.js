/** What the window knows of the simulated company, and how it asks for it. */
import { get } from './api.js';
import { daysUntil } from './dom.js';

const PAGE = 100;

/** The window's state: the company, the list as it is searched, and where the reader is. */
export function world() {
  return {
    info: { teams: [], counts: {}, group_chats: [] },
    people: [],
    total: 0,
    known: new Map(),
    search: '',
    limit: PAGE,
    side: 'chat',
    place: null,
    kept: null,
    acting: null,
  };
}

/** Company, teams, group chats and counts. */
export async function loadCompany(here) {
  const info = await get('/state');
  here.info = {
    ...info,
    teams: info.teams ?? [],
    counts: info.counts ?? {},
    group_chats: info.group_chats ?? [],
  };
  for (const chat of here.info.group_chats) chat.name = await groupName(here, chat);
}

/** A group chat is called by who is in it. */
async function groupName(here, chat) {
  const first = await Promise.all(
    chat.members.slice(0, 3).map((id) => person(here, id).catch(() => null)),
  );
  const names = first.filter(Boolean).map((one) => one.given_name || one.display_name);
  const more = chat.members.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The people of the list, by the search; the simulator puts the unread and the newest first. */
export async function loadPeople(here) {
  const asked = `${here.search}|${here.limit}`;
  const found = await get('/people', { search: here.search, limit: here.limit, sort: 'recent' });
  if (asked !== `${here.search}|${here.limit}`) return;
  here.people = found.items ?? [];
  here.total = found.total ?? here.people.length;
  for (const one of here.people) here.known.set(one.id, one);
}

/** One person, from memory or from the simulator. */
export async function person(here, id) {
  if (!here.known.has(id)) here.known.set(id, await get(`/people/${encodeURIComponent(id)}`));
  return here.known.get(id);
}

/** Anew, since something happened to them. */
export async function again(here, id) {
  const fresh = await get(`/people/${encodeURIComponent(id)}`);
  here.known.set(id, fresh);
  here.people = here.people.map((one) => (one.id === id ? fresh : one));
  return fresh;
}

export function morePeople(here) {
  here.limit += PAGE;
  return loadPeople(here);
}

/** Somebody whose first day lies within two weeks of today. */
export function isNewcomer(one) {
  const days = daysUntil(one.start_date);
  return days !== null && Math.abs(days) <= 14;
}

/** `Starts in 3 days`, `First day today`, `Started 5 days ago`, for newcomers only. */
export function firstDay(one) {
  const days = daysUntil(one.start_date);
  if (days === null || Math.abs(days) > 14) return null;
  if (days === 0) return 'First day today';
  if (days > 0) return days === 1 ? 'Starts tomorrow' : `Starts in ${days} days`;
  return days === -1 ? 'Started yesterday' : `Started ${-days} days ago`;
}

/**
 * The people in parts `{title, people, number}`, in the order of the list: unread first, then
 * newcomers, then everybody. Who was just opened stays where they are, so that the list does not
 * jump under the hand.
 */
export function sections(here) {
  const fresh = here.people.filter((one) => one.unread > 0 || one.id === here.kept);
  const rest = here.people.filter((one) => !fresh.includes(one));
  const unread = fresh.filter((one) => one.unread > 0).length;
  return [
    { title: unread ? 'Unread' : 'Just read', people: fresh, number: unread || fresh.length },
    part('Newcomers', rest.filter(isNewcomer)),
    part(
      'Everybody else',
      rest.filter((one) => !isNewcomer(one)),
    ),
  ].filter((one) => one.people.length);
}

function part(title, people) {
  return { title, people, number: people.length };
}

/** The team and channel of a channel id, or nulls. */
export function channelOf(here, id) {
  for (const team of here.info.teams) {
    const channel = (team.channels ?? []).find((one) => one.id === id);
    if (channel) return { team, channel };
  }
  return { team: null, channel: null };
}

/** `#person/<id>` as `{kind, id}`; an address that is none of ours is null. */
export function placeOf(hash) {
  const [, kind, id] = hash.match(/^#(person|channel|group)\/(.+)$/) ?? [];
  try {
    return kind ? { kind, id: decodeURIComponent(id) } : null;
  } catch {
    return null;
  }
}

export const linkTo = (kind, id) => `#${kind}/${encodeURIComponent(id)}`;
