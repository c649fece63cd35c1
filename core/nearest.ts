/** For errors that name what was probably meant: the nearest of the known words first, at most three. */
export function nearest(word: string, known: readonly string[]): string {
  const ranked = [...known].sort((a, b) => distance(word, a) - distance(word, b) || (a < b ? -1 : 1));
  const shown = ranked.slice(0, 3).map((candidate) => `"${candidate}"`);
  if (shown.length === 0) return 'nothing: none is known';
  return shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(', ')} or ${shown[shown.length - 1]}`;
}

/** Edit distance (Levenshtein), upper and lower case alike. */
function distance(a: string, b: string): number {
  const from = a.toLowerCase();
  const to = b.toLowerCase();
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[to.length];
}
