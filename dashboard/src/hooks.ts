import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { type ApiClient, ApiProblem } from './api/client.ts';
import type { Instance } from './api/types.ts';
import { Feed, type FeedState } from './live/feed.ts';

/** The wall clock, for "3 s ago". */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

const dayListeners = new Set<() => void>();
let day = new Date().toDateString();
setInterval(() => {
  const next = new Date().toDateString();
  if (next === day) return;
  day = next;
  for (const listener of dayListeners) listener();
}, 30_000);

/** Draws again when the day is over, so that yesterday's times get their date: one timer for all of them. */
export function useDay(): string {
  return useSyncExternalStore(
    (listener) => {
      dayListeners.add(listener);
      return () => dayListeners.delete(listener);
    },
    () => day,
  );
}

const ASK_AGAIN_MS = 2_000;

export interface InstanceState {
  readonly instance: Instance | undefined;
  readonly problem: string | undefined;
}

/** The instance and its accounts: asked until it answers and has one. */
export function useInstance(client: ApiClient, onTokenRefused: () => void): InstanceState {
  const [state, setState] = useState<InstanceState>({ instance: undefined, problem: undefined });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const ask = async () => {
      const answer = await client.query('status.show', {}).catch((error: ApiProblem) => error);
      if (isOver) return;
      if (answer instanceof Error) {
        if (answer instanceof ApiProblem && answer.isAboutToken) return onTokenRefused();
        setState((known) => ({ ...known, problem: answer.message }));
      } else {
        setState({ instance: answer, problem: undefined });
        if (answer.accounts.length > 0) return;
      }
      timer = setTimeout(ask, ASK_AGAIN_MS);
    };
    ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [client, onTokenRefused]);
  return state;
}

/** The live view of an account, and the feed behind it. */
export function useFeed(
  client: ApiClient,
  account: string,
  onTokenRefused: () => void,
): { state: FeedState; changed: () => void } {
  const [feed, setFeed] = useState<Feed>();
  useEffect(() => {
    const started = new Feed(client, account, onTokenRefused);
    started.run();
    setFeed(started);
    return () => started.stop();
  }, [client, account, onTokenRefused]);
  const state = useSyncExternalStore(
    useCallback((listener: () => void) => feed?.subscribe(listener) ?? (() => {}), [feed]),
    () => feed?.state() ?? NOTHING_YET,
  );
  return { state, changed: useCallback(() => void feed?.changed(), [feed]) };
}

const NOTHING_YET: FeedState = {
  connection: 'loading',
  since: Date.now(),
  heardAt: Date.now(),
  view: undefined,
  problem: undefined,
};

/** A query that is asked again whenever `key` changes; the last answer stays until the next one is there. */
export function useQuery<Answer>(
  ask: () => Promise<Answer>,
  key: string,
): { answer: Answer | undefined; problem: string | undefined } {
  const [state, setState] = useState<{ answer: Answer | undefined; problem: string | undefined }>({
    answer: undefined,
    problem: undefined,
  });
  // The key says when the question is another one.
  useEffect(() => {
    let isOver = false;
    ask().then(
      (answer) => isOver || setState({ answer, problem: undefined }),
      (error: Error) => isOver || setState((known) => ({ ...known, problem: error.message })),
    );
    return () => {
      isOver = true;
    };
  }, [key]);
  return state;
}

export type Theme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');

function subscribeToSystem(listener: () => void): () => void {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}

/** The theme in force: as chosen here, else as the system says. */
export function useTheme(): { theme: Theme; choose: (theme: Theme) => void } {
  const system = useSyncExternalStore(subscribeToSystem, (): Theme => (dark.matches ? 'dark' : 'light'));
  const [chosen, setChosen] = useState(() => document.documentElement.dataset.theme as Theme | undefined);
  const choose = (next: Theme) => {
    document.documentElement.dataset.theme = next;
    localStorage.setItem('plimsoll.theme', next);
    setChosen(next);
  };
  return { theme: chosen ?? system, choose };
}
