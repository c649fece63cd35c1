/** The names nearest to one that is not known, for errors that say what was probably meant. */

const NEAREST_MAX = 3;
/** Longer names are cut before they are compared: the work is their product. */
const COMPARED_LENGTH = 32;

/** Up to three of `known`, nearest first, by edits (insert, delete, replace, swap) of letters whatever their case. */
export function nearestNames(wanted: string, known: Iterable<string>): string[] {
  const within = Math.max(2, Math.ceil(comparable(wanted).length / 2));
  return ranked(wanted, known)
    .filter(({ distance }) => distance <= within)
    .slice(0, NEAREST_MAX)
    .map(({ name }) => name);
}

/** All of them, nearest first. */
function ranked(wanted: string, known: Iterable<string>): { name: string; distance: number }[] {
  const target = comparable(wanted);
  return Array.from(known, (name) => ({ name, distance: editDistance(target, comparable(name)) })).sort(
    (x, y) => x.distance - y.distance || (x.name < y.name ? -1 : 1),
  );
}

/** The same as one phrase for a sentence: "sma-cross", "a" or "b"; always the nearest, however far. */
export function nearest(wanted: string, known: readonly string[]): string {
  const shown = ranked(wanted, known)
    .slice(0, NEAREST_MAX)
    .map(({ name }) => `"${name}"`);
  if (shown.length === 0) return 'nothing: none is known';
  return shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(', ')} or ${shown[shown.length - 1]}`;
}

/** The way out of an unknown name: "use BTC/USDT or ETH/USDT", or `otherwise` where nothing is near. */
export function nearestRemedy(wanted: string, known: Iterable<string>, otherwise: string): string {
  const names = nearestNames(wanted, known);
  if (names.length === 0) return otherwise;
  const last = names[names.length - 1];
  return names.length === 1 ? `use ${last}` : `use ${names.slice(0, -1).join(', ')} or ${last}`;
}

const comparable = (name: string): string => name.slice(0, COMPARED_LENGTH).toUpperCase();

/** Optimal string alignment distance (Damerau 1964, without edits of edited pairs). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, last[j] + 1, row[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
      }
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}
