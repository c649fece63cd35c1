/** When something may have happened: a nudge from this process, and else a look every so often, since others write too. */
export interface Live {
  /** Calls `listener` after commits of this process; returns how to stop. */
  subscribe(listener: () => void): () => void;
}

/** Resolves at the next nudge, after `milliseconds`, or when `signal` aborts, whichever is first. */
export function nudge(live: Live | undefined, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unsubscribe?.();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    const unsubscribe = live?.subscribe(done);
    signal.addEventListener('abort', done);
  });
}
