/**
 * The live accounts of this process: reconciled when it starts, when a venue that could not be heard can be again, and within a moment
 * of what a venue tells by itself.
 */
import { streamOf, universeOf } from '../core/configuration/definition.ts';
import type { AccountConfiguration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import { timeframeMs } from '../core/market/timeframe.ts';
import { findAccount, KEYS, type Opening } from '../functions/steps/account-state.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { type Reconciliation, reconcileNow, VENUE_ALERT } from '../functions/steps/reconcile-live.ts';
import { noteStreamAway, type StreamAway } from '../functions/steps/stream-away.ts';
import { venueOf } from '../functions/steps/venue.ts';
import { Listening, streamAwayInWords } from './listening.ts';
import type { PlatformLog } from './log.ts';

export interface LiveAccountsOptions {
  readonly ports: StepPorts;
  readonly log: PlatformLog;
  /** Resolves when no message is under way. */
  readonly whenIdle: () => Promise<void>;
  /** After each reconciliation. */
  readonly announce: (stream: string) => Promise<void>;
  readonly onFailure: (error: unknown, stream: string) => void;
  /** Rejects where the platform stops. */
  readonly sleep: (ms: number) => Promise<void>;
}

type Occasion = 'start' | 'reconnect' | 'hint';

export const LIVE_ACCOUNTS_BOUNDS = {
  /** How often it is looked whether a venue is to be asked again, ms. */
  lookEveryMs: 1_000,
  /** The pause between two questions to a venue that cannot be heard, ms: doubled from the first to the last. */
  firstPauseMs: 2_000,
  lastPauseMs: 60_000,
  /** A venue that was not heard for so many cycles, and so long (ms), is asked without waiting for the next one. */
  silentCycles: 2,
  silentMs: 60_000,
} as const;

interface Watched {
  readonly account: AccountConfiguration;
  readonly stream: string;
  readonly silentMs: number;
  readonly listening: Listening;
  /** Of this account, one after the other. */
  last: Promise<void>;
  /** ms UTC; before then the venue is not asked again. */
  askAt: number;
  pauseMs: number;
  /** When it was last heard: by the venue's clock, as it stands in the account, and by this machine's when that was first seen. */
  heard: { readonly there: number | undefined; readonly here: number };
}

export class LiveAccounts {
  readonly #options: LiveAccountsOptions;
  readonly #watched: readonly Watched[];
  #timer: ReturnType<typeof setInterval> | undefined;
  #look: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: LiveAccountsOptions) {
    this.#options = options;
    const { configuration } = options.ports;
    const { silentCycles, silentMs, firstPauseMs } = LIVE_ACCOUNTS_BOUNDS;
    this.#watched = configuration.accounts
      .filter(({ live }) => live !== undefined)
      .map((account) => {
        const watched: Watched = {
          account,
          stream: streamOf(configuration, account),
          silentMs: Math.max(silentMs, silentCycles * timeframeMs(universeOf(configuration, account).timeframe)),
          listening: this.#listeningTo(account, () => watched),
          last: Promise.resolve(),
          askAt: 0,
          pauseMs: firstPauseMs,
          heard: { there: undefined, here: options.ports.now() },
        };
        return watched;
      });
  }

  /** Before the first step runs, so that what became of the orders of the last run is known by then. */
  async start(): Promise<void> {
    for (const watched of this.#watched) {
      await this.#reconcile(watched, 'start');
      // What the last run could not say any more.
      await this.#guarded(watched, () => noteStreamAway(this.#options.ports.ledger, watched.stream, undefined));
      await this.#guarded(watched, () => watched.listening.look());
    }
    if (this.#watched.length === 0) return;
    this.#timer = setInterval(() => {
      this.#look ??= this.#lookAll().finally(() => {
        this.#look = undefined;
      });
    }, LIVE_ACCOUNTS_BOUNDS.lookEveryMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#look;
    for (const watched of this.#watched) await this.#guarded(watched, () => watched.listening.stop());
  }

  async #lookAll(): Promise<void> {
    for (const watched of this.#watched) {
      if (this.#isStopped) return;
      if (await this.#isDue(watched)) await this.#reconcile(watched, 'reconnect');
      if (!this.#isStopped) await this.#guarded(watched, () => watched.listening.look());
    }
  }

  async #isDue(watched: Watched): Promise<boolean> {
    const { stream, askAt, silentMs } = watched;
    const { ports, onFailure } = this.#options;
    const now = ports.now();
    if (now < askAt) return false;
    try {
      const live = (await findAccount(ports.ledger, stream))?.state.engine.live;
      if (!live) return false;
      const isAway = live.alerts.some((told) => (typeof told === 'string' ? told : told[0]) === VENUE_ALERT);
      if (live.heard?.at !== watched.heard.there) watched.heard = { there: live.heard?.at, here: now };
      return isAway || now - watched.heard.here >= silentMs;
    } catch (error) {
      onFailure(error, stream);
      return false;
    }
  }

  /** One after the other: two at once would only have each other begin again. Never throws. */
  #reconcile(watched: Watched, on: Occasion): Promise<void> {
    watched.last = watched.last.then(() => this.#reconcileInTurn(watched, on));
    return watched.last;
  }

  async #reconcileInTurn(watched: Watched, on: Occasion): Promise<void> {
    const { ports, announce, onFailure, whenIdle } = this.#options;
    const { firstPauseMs, lastPauseMs } = LIVE_ACCOUNTS_BOUNDS;
    try {
      // At a start nothing is taken off the queues yet.
      const outcome = await reconcileNow(ports, watched.stream, on, on === 'start' ? undefined : whenIdle);
      const isHeard = outcome !== undefined && !outcome.problem;
      watched.askAt = ports.now() + watched.pauseMs;
      watched.pauseMs = isHeard ? firstPauseMs : Math.min(lastPauseMs, watched.pauseMs * 2);
      if (outcome) this.#tell(watched, on, outcome);
      await announce(watched.stream);
    } catch (error) {
      watched.askAt = ports.now() + watched.pauseMs;
      if (!(error instanceof PlimsollError && error.code === 'STOPPING')) onFailure(error, watched.stream);
    }
  }

  #listeningTo(account: AccountConfiguration, watched: () => Watched): Listening {
    const { ports, sleep } = this.#options;
    const stream = streamOf(ports.configuration, account);
    return new Listening({
      venue: () => venueOf(ports, stream),
      instruments: async () => {
        const opening = await ports.ledger.document(stream, KEYS.opening);
        return (opening?.value as Opening | undefined)?.instruments;
      },
      reconcile: () => this.#reconcile(watched(), 'hint'),
      tell: (what) => this.#guarded(watched(), () => this.#tellOfStream(watched(), what)),
      now: ports.now,
      sleep,
    });
  }

  async #tellOfStream({ account, stream }: Watched, what: StreamAway | 'back' | 'over'): Promise<void> {
    const { ports, log } = this.#options;
    const isAway = typeof what === 'object';
    if (isAway) log.tell(`"${account.id}" ${streamAwayInWords(what)}.`, { stream });
    else if (what === 'back') log.tell(`"${account.id}" is listened to again.`, { stream });
    await noteStreamAway(ports.ledger, stream, isAway ? what : undefined);
  }

  async #guarded({ stream }: Watched, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#options.onFailure(error, stream);
    }
  }

  #tell({ account, stream }: Watched, on: Occasion, { problem, reconciled }: Reconciliation): void {
    const { log } = this.#options;
    // What a hint led to is in the ledger; of the asking itself a person wants to know nothing.
    if (on === 'hint' && !problem) {
      log.write('info', 'reconciled on a hint of the venue', { stream, reconciled });
      return;
    }
    const when = on === 'start' ? 'at the start' : 'as its venue answers again';
    if (!problem && reconciled) log.tell(`"${account.id}" is reconciled with its venue ${when}.`, { stream, on });
    else if (!problem)
      log.tell(`"${account.id}" is not as its venue says ${when}: nothing new is opened until it is.`, { stream, on });
    else
      log.write('warn', 'a live account is not reconciled', { stream, on, code: problem.code, why: problem.message });
  }
}
