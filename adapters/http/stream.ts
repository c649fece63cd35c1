/** Live updates as server-sent events: everything since a sequence, then whatever happens, each event once. */
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { PlimsollError } from '../../core/errors.ts';
import { KEYS } from '../../functions/steps/account-state.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { streamNamed } from '../../operations/support/account.ts';
import { type Live, nudge } from './live.ts';
import { queryInput } from './request.ts';

export const STREAM_BOUNDS = {
  /** Streams at one time. */
  open: 64,
  /** Events in one update. */
  events: 500,
  /** How often the ledger is looked at, where nothing says that it changed. */
  lookMs: 500,
  /** A comment keeps a quiet connection from being cut on its way. */
  heartbeatMs: 15_000,
  /** How often a stream's token is checked again. */
  authenticateMs: 60_000,
} as const;

/** The name of the events of a stream. */
export const UPDATES = 'updates';

export interface StreamOptions {
  readonly context: OperationContext;
  readonly live: Live | undefined;
  /** Whether who asked may still. */
  readonly isStillAllowed: () => Promise<boolean>;
  readonly report: (error: unknown) => void;
}

/** What updates.since answers, as far as the stream looks at it. */
interface Updates {
  readonly sequence: number;
  readonly events: readonly unknown[];
  readonly cycles: readonly { readonly cycle: number }[];
}

const updatesSince = findOperation('updates.since');

/** The streams of one server. */
export class UpdateStreams {
  #open = 0;

  /**
   * Answers with a stream that ends when the caller goes, or may no longer listen. Throws `STREAMS_FULL`, and whatever
   * updates.since throws.
   */
  async answer(c: Context, options: StreamOptions): Promise<Response> {
    const { token: _, ...asked } = queryInput(c.req);
    const resumed = c.req.header('last-event-id');
    const input = { ...asked, ...(resumed === undefined ? {} : { after: resumed }), limit: STREAM_BOUNDS.events };
    const follower = new Follower(input, options);
    await follower.begin();
    if (this.#open >= STREAM_BOUNDS.open) throw full();
    this.#open++;
    c.header('x-accel-buffering', 'no');
    return streamSSE(c, async (out) => {
      const gone = new AbortController();
      out.onAbort(() => gone.abort());
      try {
        await follower.run(out, gone.signal);
      } catch (error) {
        if (!gone.signal.aborted) options.report(error);
      } finally {
        this.#open--;
        gone.abort();
      }
    });
  }
}

/** One caller on one account. */
class Follower {
  readonly #options: StreamOptions;
  #input: Record<string, unknown>;
  #stream = '';
  /** How the account stood when the updates that are next were read. */
  #seen: string | undefined;
  #next: Updates | undefined;
  /** What was last told of each of the latest cycles. */
  #told = new Map<number, string>();

  constructor(input: Record<string, unknown>, options: StreamOptions) {
    this.#input = input;
    this.#options = options;
  }

  /** Reads the first updates, and throws what is wrong with the input before anything is sent. */
  async begin(): Promise<void> {
    const { account } = this.#input;
    this.#stream = streamNamed(this.#options.context, typeof account === 'string' ? account : undefined);
    await this.#look();
  }

  async run(out: SSEStreamingApi, gone: AbortSignal): Promise<void> {
    let [spokenAt, allowedAt] = [performance.now(), performance.now()];
    while (!gone.aborted) {
      if (this.#next) spokenAt = performance.now();
      while (this.#next && !gone.aborted) await this.#tell(out);
      if (performance.now() - spokenAt >= STREAM_BOUNDS.heartbeatMs) {
        await out.write(': at hand\n\n');
        spokenAt = performance.now();
      }
      if (performance.now() - allowedAt >= STREAM_BOUNDS.authenticateMs) {
        if (!(await this.#options.isStillAllowed())) return;
        allowedAt = performance.now();
      }
      await nudge(this.#options.live, STREAM_BOUNDS.lookMs, gone);
      if (!gone.aborted) await this.#look();
    }
  }

  /** Sends what was read, and reads on where there was more than one update takes. */
  async #tell(out: SSEStreamingApi): Promise<void> {
    const updates = this.#next!;
    await out.writeSSE({ event: UPDATES, id: String(updates.sequence), data: JSON.stringify(updates) });
    this.#input = { ...this.#input, after: updates.sequence };
    this.#next = updates.events.length < STREAM_BOUNDS.events ? undefined : await this.#read();
  }

  /** Reads the updates where something has happened since it last did. */
  async #look(): Promise<void> {
    const mark = await this.#mark();
    if (mark === this.#seen) return;
    this.#next = await this.#read();
    this.#seen = mark;
  }

  /** Changes with everything that an update tells. */
  async #mark(): Promise<string> {
    const { ledger } = this.#options.context.steps;
    const [head, [cycle]] = await Promise.all([
      ledger.head(this.#stream),
      ledger.documents(this.#stream, { prefix: KEYS.verdictsPrefix, reverse: true, limit: 1 }),
    ]);
    return `${head.commit} ${cycle?.key} ${cycle?.version}`;
  }

  /** The next updates, with those cycles that have changed since the last ones. */
  async #read(): Promise<Updates> {
    const updates = (await invoke(updatesSince, this.#options.context, this.#input)) as Updates;
    const told = new Map(updates.cycles.map((cycle) => [cycle.cycle, JSON.stringify(cycle)]));
    const cycles = updates.cycles.filter(({ cycle }) => this.#told.get(cycle) !== told.get(cycle));
    this.#told = told;
    return { ...updates, cycles };
  }
}

const full = (): PlimsollError =>
  new PlimsollError(
    'STREAMS_FULL',
    `${STREAM_BOUNDS.open} live streams are open already`,
    'close some, or ask updates.since every few seconds instead',
  );
