/** A line on the terminal that says how far a run is, and when it will be over. */

const MINUTE_MS = 60_000;

/** Call it with how much was done since the last call. */
export function progress(what: string, total: number, before = 0): (count: number) => void {
  const startedAt = performance.now();
  let done = before;
  if (before > 0) process.stderr.write(`${before} of ${total} ${what} are kept from a run before\n`);
  return (count) => {
    done += count;
    const perMs = (done - before) / (performance.now() - startedAt);
    const minutes = Math.ceil((total - done) / perMs / MINUTE_MS);
    const rate = Math.round(perMs * MINUTE_MS);
    process.stderr.write(`${done} of ${total} ${what}, ${rate} a minute, ${minutes} minutes to go\n`);
  };
}
