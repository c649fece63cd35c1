import type { PlimsollError } from '../../core/errors.ts';

/**
 * Gives work a bound of time: its signal is aborted when that is over, and who waits is told so then, whether or not the work heeds it. An SDK does
 * not heed it everywhere, such as in the pause before another attempt.
 * @param late what is thrown when the time is over, whatever the work has come to
 */
export async function withinTime<T>(
  timeoutMs: number,
  late: () => PlimsollError,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const { signal } = ended;
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    ended.abort();
    reject(late());
  }, timeoutMs);
  try {
    return await Promise.race([work(signal), over]);
  } catch (error) {
    throw signal.aborted ? late() : error;
  } finally {
    clearTimeout(timer);
    // What the work left behind when a part of it failed.
    ended.abort();
  }
}
