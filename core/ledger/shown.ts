/** Characters that are shown of a value, so that a damaged text does not fill a screen. */
const LONGEST = 200;

/** A value of a store as people read it, whatever it is and however deep it goes. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
