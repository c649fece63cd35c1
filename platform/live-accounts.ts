/** The live accounts of this process: reconciled when it starts, and when a venue that could not be heard can be again. */
import { streamOf, universeOf } from '../core/configuration/definition.ts';
import type { AccountConfiguration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import { timeframeMs } from '../core/market/timeframe.ts';
import { findAccount } from '../functions/steps/account-state.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { type Reconciliation, reconcileNow, VENUE_ALERT } from '../functions/steps/reconcile-live.ts';
import type { PlatformLog } from './log.ts';

export interface LiveAccountsOptions {
  readonly ports: StepPorts;
  readonly log: PlatformLog;
  /** Resolves when no message is under way. */
  readonly whenIdle: () => Promise<void>;
  /** After each reconciliation. */
  readonly announce: (stream: string) => Promise<void>;
  readonly onFailure: (error: unknown, stream: string) => void;
}

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
      .map((account) => ({
        account,
        stream: streamOf(configuration, account),
        silentMs: Math.max(silentMs, silentCycles * timeframeMs(universeOf(configuration, account).timeframe)),
        askAt: 0,
        pauseMs: firstPauseMs,
        heard: { there: undefined, here: options.ports.now() },
      }));
  }

  /** Before the first step runs, so that what became of the orders of the last run is known by then. */
  async start(): Promise<void> {
    for (const watched of this.#watched) await this.#reconcile(watched, 'start');
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
  }

  async #lookAll(): Promise<void> {
    for (const watched of this.#watched) {
      if (this.#isStopped) return;
      if (await this.#isDue(watched)) await this.#reconcile(watched, 'reconnect');
    }
  }

  async #isDue(watched: Watched): Promise<boolean> {
    const { stream, askAt, silentMs } = watched;
    const { ports, whenIdle, onFailure } = this.#options;
    const now = ports.now();
    if (now < askAt) return false;
    try {
      const live = (await findAccount(ports.ledger, stream))?.state.engine.live;
      if (!live) return false;
      const isAway = live.alerts.some((told) => (typeof told === 'string' ? told : told[0]) === VENUE_ALERT);
      if (live.heard?.at !== watched.heard.there) watched.heard = { there: live.heard?.at, here: now };
      if (!isAway && now - watched.heard.here < silentMs) return false;
      await whenIdle();
      return true;
    } catch (error) {
      onFailure(error, stream);
      return false;
    }
  }

  async #reconcile(watched: Watched, on: 'start' | 'reconnect'): Promise<void> {
    const { ports, announce, onFailure } = this.#options;
    const { firstPauseMs, lastPauseMs } = LIVE_ACCOUNTS_BOUNDS;
    try {
      const outcome = await reconcileNow(ports, watched.stream, on);
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

  #tell({ account, stream }: Watched, on: 'start' | 'reconnect', { problem, reconciled }: Reconciliation): void {
    const { log } = this.#options;
    const when = on === 'start' ? 'at the start' : 'as its venue answers again';
    if (!problem && reconciled) log.tell(`"${account.id}" is reconciled with its venue ${when}.`, { stream, on });
    else if (!problem)
      log.tell(`"${account.id}" is not as its venue says ${when}: nothing new is opened until it is.`, { stream, on });
    else
      log.write('warn', 'a live account is not reconciled', { stream, on, code: problem.code, why: problem.message });
  }
}
