import { setTimeout as sleep } from 'node:timers/promises';

/** How a call is repeated. The pauses double from `baseMs` to `capMs`, each drawn between 0 and that ("full jitter"). */
export interface RetryPace {
  readonly attempts: number;
  readonly baseMs: number;
  readonly capMs: number;
  /** No further attempt starts after this long. */
  readonly withinMs: number;
}

/** Runs `action` until it resolves, fails with what `again` does not accept, or the pace is spent; then its last error is thrown. */
export async function withRetries<T>(
  action: () => Promise<T>,
  again: (error: unknown) => boolean,
  pace: RetryPace,
): Promise<T> {
  const started = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      const spent = attempt >= pace.attempts || performance.now() - started >= pace.withinMs;
      if (spent || !again(error)) throw error;
      await sleep(Math.random() * Math.min(pace.capMs, pace.baseMs * 2 ** (attempt - 1)));
    }
  }
}
