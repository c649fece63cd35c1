/** How figures of models are printed. */

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Rows in columns as wide as what is in them. */
export function sayTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}
