import { type ApiClient, ApiProblem } from '../api/client.ts';
import type { Updates } from '../api/types.ts';
import { serverEvents } from './server-sent-events.ts';
import { type AccountView, KEPT, leavesGap, withUpdates } from './view.ts';

/** How the page stands to the server. `polling` is live too, only in steps: where there is no stream. */
export type Connection = 'loading' | 'live' | 'polling' | 'reconnecting';

export interface FeedState {
  readonly connection: Connection;
  /** ms: since when it is so. */
  readonly since: number;
  /** ms: when the server last said anything. */
  readonly heardAt: number;
  readonly view: AccountView | undefined;
  /** What is wrong, as a sentence, while something is. */
  readonly problem: string | undefined;
}

const RETRY_MS = { first: 500, longest: 10_000 } as const;
const POLL_MS = 2_000;
/** A stream that says nothing for so long is asked after. */
const SILENCE_MS = 40_000;
/** Where there is no stream, it is looked for again after so long. */
const STREAM_AGAIN_MS = 60_000;
/** Lists that change with events are fetched at most this often. */
const REFRESH_MS = 400;
/** Further behind than this, the view is loaded anew. */
const MAX_BEHIND = 5_000;
const PAGE = 1_000;
/** The page is drawn at most this often, however fast a replay runs. */
const TELL_MS = 100;

/** Keeps the view of one account up to date: everything since the last sequence, then whatever the stream brings. */
export class Feed {
  readonly #client: ApiClient;
  readonly #account: string;
  readonly #onTokenRefused: () => void;
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  #state: FeedState = {
    connection: 'loading',
    since: Date.now(),
    heardAt: Date.now(),
    view: undefined,
    problem: undefined,
  };
  #telling: ReturnType<typeof setTimeout> | undefined;
  #refreshing = false;
  #isDirty = false;

  constructor(client: ApiClient, account: string, onTokenRefused: () => void) {
    this.#client = client;
    this.#account = account;
    this.#onTokenRefused = onTokenRefused;
  }

  readonly state = (): FeedState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Runs until {@link stop}. */
  async run(): Promise<void> {
    let retryMs: number = RETRY_MS.first;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#catchUp();
        retryMs = RETRY_MS.first;
        await this.#follow();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (error instanceof ApiProblem && error.isAboutToken) return this.#onTokenRefused();
        this.#connection('reconnecting', (error as Error).message);
      }
      await this.#wait(retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS.longest);
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  /** After a command: what it changed is fetched without waiting for the stream. */
  async changed(): Promise<void> {
    await this.#catchUp().catch(() => {});
  }

  /** The stream until it ends; polling where there is none. */
  async #follow(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      if (!(error instanceof ApiProblem) || ![200, 404, 405, 406, 501].includes(error.status)) throw error;
      await this.#poll();
    }
  }

  async #listen(): Promise<void> {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#stop.signal]);
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      this.#set({ heardAt: Date.now() });
      clearTimeout(silence);
      silence = setTimeout(() => this.#catchUp().catch(() => abort.abort()), SILENCE_MS);
    };
    try {
      const stream = await this.#client.stream(this.#account, this.#state.view?.sequence ?? 0, signal);
      this.#connection('live');
      heard();
      for await (const { event, data } of serverEvents(stream, heard)) {
        if (event === 'message' || event === 'updates') await this.#take(JSON.parse(data) as Updates);
      }
    } finally {
      clearTimeout(silence);
      abort.abort();
    }
    throw new ApiProblem(0, 'The server ended the connection.');
  }

  async #poll(): Promise<void> {
    this.#connection('polling');
    for (const until = Date.now() + STREAM_AGAIN_MS; Date.now() < until && !this.#stop.signal.aborted; ) {
      await this.#wait(POLL_MS);
      await this.#catchUp();
    }
  }

  async #take(updates: Updates): Promise<void> {
    const { view } = this.#state;
    if (!view) return;
    if (leavesGap(view.sequence, updates)) return this.#catchUp();
    this.#show(withUpdates(view, updates));
    this.#refresh();
  }

  /** Brings the view to the server's sequence, page by page; from the start where there is none or it is too far behind. */
  async #catchUp(): Promise<void> {
    for (;;) {
      const { view } = this.#state;
      if (!view) return this.#load();
      const updates = await this.#client.query('updates.since', {
        account: this.#account,
        after: view.sequence,
        limit: PAGE,
      });
      this.#set({ heardAt: Date.now() });
      const current = this.#state.view;
      if (
        !current ||
        updates.account.sequence - current.sequence > MAX_BEHIND ||
        updates.account.sequence < current.sequence
      )
        return this.#load();
      this.#show(withUpdates(current, updates));
      this.#refresh();
      if (updates.events.length === 0 || (this.#state.view?.sequence ?? 0) >= updates.account.sequence) return;
    }
  }

  async #load(): Promise<void> {
    const account = this.#account;
    const now = await this.#client.query('account.show', { account });
    const after = Math.max(0, now.sequence - KEPT.events);
    const [updates, cycles, equity, lists] = await Promise.all([
      this.#client.query('updates.since', { account, after, limit: PAGE }),
      this.#client.query('cycles.list', { account, limit: KEPT.cycles }),
      this.#client.query('account.equity', { account, limit: KEPT.equity }),
      this.#lists(),
    ]);
    const start = { account: now, events: [], cycles: cycles.cycles, equity: equity.equity, sequence: after, ...lists };
    this.#show(withUpdates(start, updates));
  }

  /** What events do not carry whole. */
  async #lists() {
    const account = this.#account;
    const [positions, orders, proposals, strategies, ledger] = await Promise.all([
      this.#client.query('positions.list', { account }),
      this.#client.query('orders.list', { account, all: true, limit: 500 }),
      this.#client.query('proposals.list', { account, limit: 200 }),
      this.#client.query('strategies.list', {}),
      this.#client.query('ledger.page', {
        account,
        after: Math.max(0, (this.#state.view?.sequence ?? 0) - 1),
        limit: 1,
      }),
    ]);
    return {
      positions: positions.positions,
      orders: orders.orders,
      proposals: proposals.proposals,
      strategies: strategies.running.filter((running) => running.account === account),
      chain: { sequence: ledger.sequence, hash: ledger.hash },
    };
  }

  /** One fetch of the lists at a time; what comes meanwhile asks for one more after it. */
  async #refresh(): Promise<void> {
    this.#isDirty = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    try {
      while (this.#isDirty && !this.#stop.signal.aborted) {
        this.#isDirty = false;
        const lists = await this.#lists();
        const { view } = this.#state;
        if (view) this.#show({ ...view, ...lists });
        await this.#wait(REFRESH_MS);
      }
    } catch {
      // The stream has broken too, or is about to: whoever reconnects fetches them again.
    } finally {
      this.#refreshing = false;
    }
  }

  #connection(connection: Connection, problem?: string): void {
    const since = connection === this.#state.connection ? this.#state.since : Date.now();
    this.#set({ connection, since, problem });
  }

  #show(view: AccountView): void {
    this.#set({ view });
  }

  #set(change: Partial<FeedState>): void {
    if (this.#stop.signal.aborted) return;
    this.#state = { ...this.#state, ...change };
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      for (const listener of this.#listeners) listener();
    }, TELL_MS);
  }

  #wait(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }
}
