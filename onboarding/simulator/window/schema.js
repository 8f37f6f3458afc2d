/** What the properties of Adaptive Cards may say, and how far the version goes that Teams shows. */

const NEWEST = [1, 5];

export const SPACING = ['none', 'small', 'default', 'medium', 'large', 'extraLarge', 'padding'];
export const SIZES = ['small', 'default', 'medium', 'large', 'extraLarge'];
export const WEIGHTS = ['lighter', 'default', 'bolder'];
export const COLOURS = ['default', 'dark', 'light', 'accent', 'good', 'warning', 'attention'];
export const STYLES = ['default', 'emphasis', 'good', 'attention', 'warning', 'accent'];
export const SIDES = ['left', 'center', 'right'];

/** The known word that `value` names, whatever its case, else `otherwise`. */
export function word(value, known, otherwise) {
  const wanted = String(value ?? '').toLowerCase();
  return known.find((one) => one.toLowerCase() === wanted) ?? otherwise;
}

/** Is this a version that Teams shows? A missing one is 1.0. */
export function supported(version) {
  const [major, minor] = String(version ?? '1.0')
    .split('.')
    .map(Number);
  return major < NEWEST[0] || (major === NEWEST[0] && (minor || 0) <= NEWEST[1]);
}

/** Does an element ask for more than Teams shows? */
export function unmet(requires) {
  const wanted = requires?.adaptiveCards;
  return Boolean(wanted) && wanted !== '*' && !supported(wanted);
}
