/** What a person can do here: press, write, install, and everything one does with a team. */
import { act } from './api.js';
import { ask, menu } from './dialogs.js';
import { linkTo } from './world.js';

const well = (event) => event.status >= 200 && event.status < 300;

/**
 * Lets `who` do something and tells with a notice what went wrong, be it the simulator or the bot;
 * the simulator's answer, or null when it was not done.
 */
export async function doing({ tell, changed }, what, who, more = {}) {
  try {
    const answer = await act(what, who, more);
    const failed = answer.events.find((event) => !well(event));
    if (failed) tell.notice(unheard(failed), true);
    await changed();
    return answer;
  } catch (problem) {
    tell.notice(problem.message, true);
    return null;
  }
}

function unheard(event) {
  return event.status
    ? `The bot answered ${event.status} to ${event.type}.`
    : `The bot did not answer ${event.type}. Is it running?`;
}

/** Presses a card's button; resolves to `{error}` or `{note}` to stand beneath the card, or to nothing. */
export async function press({ changed }, who, message, action) {
  try {
    const { events, answer } = await act('press', who, { message: message.id, action });
    await changed();
    return outcome(
      events.find((event) => !well(event)),
      answer,
    );
  } catch (problem) {
    return { error: problem.message };
  }
}

function outcome(failed, answer) {
  if (failed)
    return {
      error: failed.status
        ? `Something went wrong (${failed.status}). Please try again.`
        : 'Unable to reach app. Please try again.',
    };
  const { statusCode = 200, type = '', value } = answer ?? {};
  const code = value?.code ? ` (${value.code})` : '';
  if (statusCode >= 400 || type.endsWith('.error'))
    return { error: `${value?.message || 'Something went wrong. Please try again.'}${code}` };
  return type.endsWith('activity.message') ? { note: String(value) } : {};
}

const member = (label, team) => ({
  kind: 'person',
  name: 'who',
  label,
  among: { team: team.id },
  first: team.owners?.[0],
});

const TEAM = {
  add: (team) => ({
    what: 'install_to_team',
    title: `Add Onboarding to ${team.name}`,
    confirm: 'Add the app',
    fields: [
      {
        kind: 'select',
        name: 'channel',
        label: 'Channel for the introduction',
        options: team.channels.map((one) => ({ value: one.id, title: one.name })),
      },
      member('Who adds it', team),
    ],
  }),
  remove: (team) => ({
    what: 'remove_from_team',
    title: `Remove Onboarding from ${team.name}`,
    confirm: 'Remove the app',
    fields: [member('Who removes it', team)],
  }),
  people: (team) => ({
    what: 'join_team',
    title: `Add people to ${team.name}`,
    confirm: 'Add them',
    fields: [
      { kind: 'people', name: 'people', label: 'New members', without: team.id },
      member('Added by', team),
    ],
  }),
  leave: (team) => ({
    what: 'leave_team',
    title: `Leave ${team.name}`,
    confirm: 'Leave',
    fields: [member('Who leaves', team)],
  }),
  channel: (team) => ({
    what: 'create_channel',
    title: `New channel in ${team.name}`,
    confirm: 'Create',
    fields: [{ kind: 'text', name: 'name', label: 'Name' }, member('Created by', team)],
  }),
  rename: (team) => ({
    what: 'rename_team',
    title: `Rename ${team.name}`,
    confirm: 'Rename',
    fields: [
      { kind: 'text', name: 'name', label: 'New name', value: team.name },
      member('Renamed by', team),
    ],
  }),
};

/** Asks what is needed for one of TEAM's deeds and does it. */
export async function teamAct(context, key, team) {
  const { what, ...dialog } = TEAM[key](team);
  const answer = await ask(dialog);
  if (!answer) return;
  const { who, ...more } = answer;
  await doing(context, what, who, { team: team.id, ...more });
}

/** The menu with all that one can do with a team. */
export function teamMenu(context, team, opener) {
  const entry = (key, title, danger = false) => ({
    title,
    danger,
    run: () => teamAct(context, key, team),
  });
  menu(opener, [
    !team.installed && entry('add', 'Add the app to this team…'),
    entry('people', 'Add people…'),
    entry('leave', 'Somebody leaves…'),
    entry('channel', 'New channel…'),
    entry('rename', 'Rename…'),
    team.installed && entry('remove', 'Remove the app…', true),
  ]);
}

/** Asks for the people of a new group chat and adds the app to it. */
export async function newGroup(context) {
  const answer = await ask({
    title: 'New group chat with Onboarding',
    confirm: 'Create',
    about: 'The one who adds the app is in the chat too.',
    fields: [
      { kind: 'people', name: 'members', label: 'People' },
      { kind: 'person', name: 'who', label: 'Who adds the app' },
    ],
  });
  if (!answer) return;
  const members = answer.members.filter((id) => id !== answer.who);
  const done = await doing(context, 'install_to_group_chat', answer.who, { members });
  if (done) location.hash = linkTo('group', done.chat_id);
}
