/** The platform as one process: the embedded ports, the steps behind their queues, the schedule, the API and the dashboard. */
import { type Embedded, openEmbedded } from '../adapters/embedded/embedded.ts';
import { startWorker, type Worker } from '../adapters/embedded/worker.ts';
import { dataDirectoryOf, type LoadedConfiguration } from '../adapters/files/configuration.ts';
import { createLake } from '../adapters/lake/lake.ts';
import { type Asking, askingOf } from '../adapters/models/asking.ts';
import { standingsOf, type TrialOf, versionsOf } from '../adapters/models/models-at-hand.ts';
import type { ModelRegistry } from '../adapters/models/registry.ts';
import { ExecutionDesk } from '../adapters/venues/execution-desk.ts';
import { executionVenues } from '../adapters/venues/execution-venues.ts';
import { streamOf, universeOf } from '../core/configuration/definition.ts';
import { PlimsollError } from '../core/errors.ts';
import { formatInstant } from '../core/market/civil.ts';
import type { Instrument } from '../core/market/instrument.ts';
import type { Timeframe } from '../core/market/timeframe.ts';
import { MODEL_ANSWER_MS } from '../core/ports/model-server.ts';
import { QUEUES, type QueueName, type ReceivedMessage } from '../core/ports/queue.ts';
import { dueTimes, type SchedulePlan } from '../core/ports/schedule.ts';
import type { StrategyRegistry } from '../core/strategies/registry.ts';
import { KEYS, type Opening } from '../functions/steps/account-state.ts';
import { applyConfiguration } from '../functions/steps/configure.ts';
import { describeGap, noteFailure, type RecordedGap, STEP_OF } from '../functions/steps/gap.ts';
import { type ArrivedBars, openAccount, openCycles, resume } from '../functions/steps/ingest.ts';
import type { CycleMessage, StepPorts } from '../functions/steps/ports.ts';
import { lastCycle, warmUp } from '../functions/steps/warm-up.ts';
import { withDeadline } from '../functions/support/deadline.ts';
import { Announcer } from './announcer.ts';
import { CycleFeed } from './cycle-feed.ts';
import { recordDeadLetters } from './dead-letters.ts';
import { chooseVenues, type Effective, type TradedAccount, type VenueChoice } from './effective.ts';
import { type OpenJobs, openJobs } from './jobs.ts';
import { LiveAccounts } from './live-accounts.ts';
import { stepHandlers } from './live-run.ts';
import { PlatformLog, sentenceOf } from './log.ts';
import { batchesUnder, type NamedBatch } from './models/batches/batch-file.ts';
import { BatchRunning } from './models/batches/batch-running.ts';
import { runBatches } from './models/batches/batch-series.ts';
import { readingOf } from './models/batches/batches-at-hand.ts';
import { ChampionWatch } from './models/champion-watch.ts';
import { startServerOf } from './models/model-server.ts';
import { ModelWatching } from './models/model-watching.ts';
import { OwnModelServer, versionsThatNeedServer } from './models/own-server.ts';
import { modelsIn, strategiesAtHand, trialsAt } from './models/strategies-at-hand.ts';
import type { WatchedModel } from './models/watch-file.ts';
import { watchSettings } from './models/watch-settings.ts';
import { RiskReports } from './risk-reports.ts';
import { writeRunning } from './running.ts';
import { type Served, serve } from './serve.ts';

export interface PlatformOptions {
  readonly loaded: LoadedConfiguration;
  /** Where `strategies/` is. */
  readonly root: string;
  readonly venue?: VenueChoice;
  readonly bars?: string;
  readonly symbols?: readonly string[];
  /** Cycles a second of recorded bars; 0 is as fast as it goes. */
  readonly speed?: number;
  /** Instead of the configuration's. */
  readonly data?: string;
  readonly port?: number | undefined;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
  /** Most bytes of the SQLite file. */
  readonly maxDatabaseBytes?: number;
  /** Models that are watched beside the cycles. */
  readonly watched?: readonly WatchedModel[];
  /**
   * Batches that are made beside the cycles, and read in them.
   * @default those of `batches.yaml` under the root
   */
  readonly batches?: readonly NamedBatch[];
  /** How often it is looked whether another version of a model was promoted. */
  readonly championsEveryMs?: number;
}

export interface Platform {
  /** With the token that opens it. */
  readonly address: string;
  /** Resolves when the platform has stopped: with what stopped it, or undefined where it was asked to. */
  readonly stopped: Promise<unknown>;
  /** Whether it stopped because another version of a model decides now, which a fresh start takes over. */
  readonly isSuperseded: boolean;
  /** Ends the running step, closes everything. Safe to call twice. */
  stop(): Promise<void>;
}

/** Failures after which nothing can be kept any more. */
const FATAL = new Set(['DISK_FULL', 'DATA_CORRUPT', 'DATA_IO_FAILED', 'DATA_NOT_WRITABLE']);
const SWEEP_MS = 60_000;
const CHAMPIONS_MS = 10_000;
const POLL_MS = 1_000;
/** Recorded cycles that are opened ahead of the one in work. */
const OPENED_AHEAD = 50;
const DRAIN_POLL_MS = 10;
/** Cancels and reductions first, then what finishes a cycle before what begins one. */
const PRECEDENCE: readonly QueueName[] = ['urgent', 'execute', 'risk', 'signal', 'reconcile'];

/**
 * Starts everything and returns once it runs. Throws what keeps it from running, as one sentence: `DATA_IN_USE`, `DATA_CORRUPT`,
 * `PORT_TAKEN`, `VENUE_UNAVAILABLE`, `SYMBOL_UNKNOWN`, `PROVENANCE_MIXED`, `CONFIGURATION_CHANGED` and others.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const directory = dataDirectoryOf(options.loaded, options.data);
  let running: RunningPlatform | undefined;
  const embedded = openEmbedded({
    directory,
    ...(options.maxDatabaseBytes === undefined ? {} : { maxDatabaseBytes: options.maxDatabaseBytes }),
    onScheduleFailure: (error, plan) => running?.scheduleFailed(error, plan),
  });
  try {
    // Before they are loaded: what is promoted in between is seen at the first look.
    const models = modelsIn(directory, { readOnly: true });
    const trials = trialsAt(directory);
    const standings = await standingsOf(models, trials);
    const batches = options.batches ?? batchesUnder(options.root);
    const registry = await strategiesAtHand(options.root, directory, {
      configuration: options.loaded.configuration,
      batches,
    });
    const server = new OwnModelServer({
      start: async (signal) => {
        const names = await versionsThatNeedServer(models, trials);
        return names.length === 0 ? undefined : startServerOf({ directory, registry: models, names, signal });
      },
      tell: (sentence) => options.say(sentence),
      now: Date.now,
    });
    const asking = askingOf({
      registry: models,
      environment: process.env,
      timeoutMs: MODEL_ANSWER_MS,
      server: () => server.url(),
    });
    const effective = await chooseVenues(options.loaded.configuration, registry, {
      ...options,
      secrets: embedded.secrets,
      now: Date.now,
    });
    running = new RunningPlatform(options, directory, embedded, registry, effective, {
      models,
      trials,
      asking,
      server,
      standings,
      batches,
    });
    await running.start();
    return running;
  } catch (error) {
    if (running) await running.stop();
    else await embedded.close();
    throw error;
  }
}

/** Where models are, and which versions of them decide here. */
interface LoadedModels {
  readonly models: ModelRegistry;
  readonly trials: TrialOf;
  /** Of those that are not evaluated in this process. */
  readonly asking: Asking;
  readonly server: OwnModelServer;
  readonly standings: string;
  readonly batches: readonly NamedBatch[];
}

class RunningPlatform implements Platform {
  address = '';
  isSuperseded = false;
  readonly stopped: Promise<unknown>;
  readonly #loaded: LoadedModels;
  readonly #options: PlatformOptions;
  readonly #directory: string;
  readonly #embedded: Embedded;
  readonly #effective: Effective;
  readonly #ports: StepPorts;
  readonly #desk: ExecutionDesk;
  readonly #liveAccounts: LiveAccounts;
  readonly #log: PlatformLog;
  readonly #announcer: Announcer;
  readonly #riskReports: RiskReports;
  readonly #jobs: OpenJobs;
  readonly #watching: ModelWatching;
  readonly #batches: BatchRunning;
  /** What of `watch.yaml` and `batches.yaml` cannot be done as it is written. */
  readonly #watchNotes: readonly string[];
  readonly #stopping = new AbortController();
  readonly #feeds = new Map<string, CycleFeed>();
  readonly #replays: Promise<void>[] = [];
  /** Streams that will be set going as soon as nothing is under way. */
  readonly #kicked = new Set<string>();
  #worker: Worker | undefined;
  #served: Served | undefined;
  #champions: ChampionWatch | undefined;
  #sweep: ReturnType<typeof setInterval> | undefined;
  #gaps: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;
  #resolveStopped: (reason: unknown) => void = () => undefined;
  #reason: unknown;

  constructor(
    options: PlatformOptions,
    directory: string,
    embedded: Embedded,
    registry: StrategyRegistry,
    effective: Effective,
    loaded: LoadedModels,
  ) {
    this.#loaded = loaded;
    this.#options = options;
    this.#directory = directory;
    this.#embedded = embedded;
    this.#effective = effective;
    this.#log = new PlatformLog(directory, options.say, Date.now);
    this.#desk = new ExecutionDesk({
      configuration: effective.configuration,
      secrets: embedded.secrets,
      kinds: executionVenues,
      // A file at hand: keys that are replaced are used from the next step on, and keys that are removed no more.
      keysMaxAgeMs: 0,
      now: Date.now,
    });
    this.#ports = {
      ledger: embedded.ledger,
      send: (queue, message) => embedded.queue.send(queue, message),
      configuration: effective.configuration,
      registry,
      modelsBefore: (versions) => versionsOf(loaded.models, versions),
      askModel: loaded.asking.ask,
      readBatch: readingOf(embedded.objects, loaded.batches),
      now: Date.now,
      withDeadline,
      venue: this.#desk.venue,
    };
    this.#jobs = openJobs({
      ledger: embedded.ledger,
      directory,
      root: options.root,
      configuration: effective.configuration,
      now: Date.now,
    });
    const { models, notes } = watchSettings(options.watched ?? [], {
      ...{ written: options.loaded.configuration, configuration: effective.configuration },
      accounts: effective.accounts,
    });
    const batches = runBatches(loaded.batches, effective);
    this.#watchNotes = [...notes, ...batches.notes];
    this.#batches = new BatchRunning({
      ...{ directory, batches: batches.run },
      tell: (line) => this.#log.tell(line),
      onFailure: (error) => this.#log.error(error),
    });
    this.#watching = new ModelWatching({
      ...{ directory, models, now: Date.now },
      tell: (line) => this.#log.tell(line),
      onFailure: (error) => this.#log.error(error),
    });
    this.#announcer = new Announcer(this.#ports.ledger, this.#log);
    this.#liveAccounts = new LiveAccounts({
      ports: this.#ports,
      log: this.#log,
      whenIdle: () => this.#whenIdle(),
      announce: (stream) => this.#announcer.announce(stream),
      onFailure: (error, stream) => this.#failed(error, { stream }),
      sleep: (ms) => this.#sleep(ms),
    });
    this.#riskReports = new RiskReports({ steps: this.#ports, objects: embedded.objects, log: this.#log });
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  async start(): Promise<void> {
    const { configuration } = this.#effective;
    const startedAt = Date.now();
    const onFailure = (error: unknown): void => this.#log.error(error);
    this.#served = await serve({
      directory: this.#directory,
      embedded: this.#embedded,
      steps: this.#ports,
      jobs: this.#jobs,
      watching: () => this.#watching.status(),
      port: this.#options.port,
      startedAt,
      onFailure,
    });
    this.address = this.#served.address;
    for (const note of [...this.#effective.notes, ...this.#watchNotes]) this.#options.say(note);
    for (const traded of this.#effective.accounts) await this.#prepare(traded);
    writeRunning(this.#directory, { configuration, startedAt, url: this.#served.url });
    this.#describe();
    await this.#liveAccounts.start();
    this.#worker = startWorker({
      queue: this.#embedded.queue,
      queues: PRECEDENCE,
      handlers: this.#handlers(),
      onFailure: ({ error, queue }) => this.#failed(error, { queue }),
      pollMs: POLL_MS,
    });
    this.#embedded.queue.onDeadLetter(() => this.#recordGaps());
    this.#sweep = setInterval(() => this.#sweepUp(), SWEEP_MS);
    this.#sweepUp();
    await this.#jobs.recover();
    for (const traded of this.#effective.accounts) this.#feed(traded);
    this.#champions = new ChampionWatch({
      models: this.#loaded.models,
      trials: this.#loaded.trials,
      loaded: this.#loaded.standings,
      everyMs: this.#options.championsEveryMs ?? CHAMPIONS_MS,
      onChange: () => this.#supersede(),
      onFailure: (error) => this.#failed(error, {}),
    });
    this.#watching.start();
    this.#batches.start();
    this.#log.write('info', 'started', { accounts: configuration.accounts.map(({ id }) => id) });
  }

  stop(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  scheduleFailed(error: unknown, plan: SchedulePlan): void {
    if (this.#stopping.signal.aborted || this.#feeds.get(plan.name)?.failed(error)) return;
    this.#failed(error, { schedule: plan.name });
  }

  /** The next start takes another version of a model over as it does every change of what an account runs under. */
  #supersede(): void {
    this.isSuperseded = true;
    this.#log.tell('Another version of a model decides from now on: it is taken over with a fresh start.');
    void this.stop();
  }

  /** Every part is closed, whatever the one before it said: a full disk must not keep the process from ending. */
  async #end(): Promise<void> {
    this.#stopping.abort();
    this.#champions?.close();
    // It takes some seconds where a training has to leave off: the other parts do not wait for it.
    const watched = Promise.all([this.#watching.close(), this.#batches.close()]);
    clearInterval(this.#sweep);
    const parts: (() => Promise<unknown> | undefined)[] = [
      () => this.#liveAccounts.stop(),
      () => this.#worker?.stop(),
      () => Promise.allSettled([...this.#replays, this.#gaps]),
      () => this.#served?.close(),
      () => this.#jobs.close(),
      () => watched,
      ...this.#effective.accounts.map(
        ({ venue }) =>
          () =>
            venue.close(),
      ),
      () => this.#desk.close(),
      () => this.#loaded.asking.close(),
      () => this.#loaded.server.close(),
      () => this.#embedded.close(),
    ];
    for (const close of parts) {
      try {
        await close();
      } catch (error) {
        this.#log.error(error);
      }
    }
    this.#log.write('info', 'stopped');
    this.#resolveStopped(this.#reason);
  }

  /** Opens an account, takes over what its configuration says now, and gives it its history where it is new. */
  async #prepare({ account, venue, feed }: TradedAccount): Promise<void> {
    const { configuration } = this.#effective;
    const stream = streamOf(configuration, account);
    const universe = universeOf(configuration, account);
    const existing = await this.#ports.ledger.document(stream, KEYS.opening);
    if (existing) {
      await openAccount(this.#ports, account, [], venue.provenance, 0);
      const changed = await applyConfiguration(this.#ports, account);
      if (changed.length > 0)
        this.#log.tell(`The configuration of "${account.id}" changed and is taken over: ${changed.join(', ')}.`);
      await this.#announcer.follow(stream);
    }
    if (feed) {
      if (!existing)
        await openAccount(
          this.#ports,
          account,
          await venue.instruments(universe.symbols),
          venue.provenance,
          firstOf(feed.arrived()),
        );
      return;
    }
    await this.#warmUp({ account, venue }, existing === undefined);
  }

  async #warmUp({ account, venue }: TradedAccount, isNew: boolean): Promise<void> {
    const { configuration } = this.#effective;
    const stream = streamOf(configuration, account);
    const { symbols, timeframe } = universeOf(configuration, account);
    const instruments = isNew ? await venue.instruments(symbols) : await this.#instrumentsOf(stream);
    const options = {
      ports: this.#ports,
      account,
      venue,
      instruments,
      timeframe: timeframe as Timeframe,
      lake: createLake(this.#embedded.objects),
      log: this.#log,
      sleep: this.#sleep,
      kick: this.#kick,
    };
    const feed = new CycleFeed(options);
    this.#feeds.set(stream, feed);
    const [due] = dueTimes(feed.plan, undefined, Date.now()).times;
    const last = await lastCycle(this.#ports.ledger, stream);
    await warmUp({
      ...options,
      before: due,
      keep: (cycles, knownAt) => feed.keep(cycles, knownAt),
      until: Number.POSITIVE_INFINITY,
    });
    await this.#announcer.follow(stream);
    if (!last || last.warmUp) feed.beginAfter(due - feed.plan.everyMs);
  }

  #describe(): void {
    const { say } = this.#options;
    for (const { account, venue, feed } of this.#effective.accounts) {
      const { symbols, timeframe } = universeOf(this.#effective.configuration, account);
      const data = feed ? `${feed.cycles} recorded cycles` : venue.venue;
      const money = account.live ? 'REAL money at its venue, once it is armed,' : 'paper money';
      say(
        `"${account.id}" trades ${account.cash} ${account.currency} of ${money} in ${symbols.join(', ')} (${timeframe} bars) on ${venue.provenance.toUpperCase()} data (${data}).`,
      );
      say(
        `Strategies: ${account.strategies.map(({ id, strategy, allocation }) => `${id ?? strategy} ${Math.round(allocation * 100)} %`).join(', ')}.`,
      );
    }
    say(`Data: ${this.#directory}. Ctrl-C stops it; nothing is lost.`);
    say(`Dashboard and API: ${this.address}`);
  }

  #feed({ account, feed }: TradedAccount): void {
    const stream = streamOf(this.#effective.configuration, account);
    if (feed) {
      this.#replays.push(this.#replay(stream, { account, feed }).catch((error) => this.#failed(error, { stream })));
      return;
    }
    const cycles = this.#feeds.get(stream)!;
    void this.#embedded.schedule.start(cycles.plan, (time, skipped) => cycles.due(time, skipped));
  }

  /** Recorded bars, at their pace, from where the account stands. */
  async #replay(stream: string, { account, feed }: Pick<TradedAccount, 'account' | 'feed'>): Promise<void> {
    const last = await lastCycle(this.#ports.ledger, stream);
    const { barsPerSecond, arrived } = feed!;
    const batch = barsPerSecond > 0 ? 1 : OPENED_AHEAD;
    let waiting: ArrivedBars[] = [];
    for (const cycle of arrived()) {
      if (last && cycle.asOf <= last.asOf) continue;
      if (this.#stopping.signal.aborted) return;
      waiting.push(cycle);
      if (waiting.length < batch) continue;
      await this.#open(stream, account, waiting);
      waiting = [];
      if (barsPerSecond > 0) await this.#sleep(1_000 / barsPerSecond);
    }
    if (waiting.length > 0) await this.#open(stream, account, waiting);
    if (!this.#stopping.signal.aborted)
      this.#log.tellAlways(
        `The recorded bars of "${account.id}" are at their end; the platform stays up until Ctrl-C.`,
      );
  }

  async #open(stream: string, account: TradedAccount['account'], cycles: readonly ArrivedBars[]): Promise<void> {
    await openCycles(this.#ports, account, cycles);
    await resume(this.#ports, stream);
    await this.#whenIdle();
  }

  async #isBusy(): Promise<boolean> {
    for (const queue of QUEUES) if ((await this.#embedded.queue.depth(queue)) > 0) return true;
    return false;
  }

  /** Each message leaves room for the API and for signals, which the ledger's own work would not. */
  #handlers() {
    const handlers = stepHandlers(this.#ports);
    const withRoom = (queue: QueueName) => async (message: ReceivedMessage) => {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#noting(queue, message, handlers[queue]);
      const body = message.body as unknown as CycleMessage;
      await this.#announcer.announce(body.stream);
      await this.#riskReports.after(body);
    };
    return {
      reconcile: withRoom('reconcile'),
      signal: withRoom('signal'),
      risk: withRoom('risk'),
      execute: withRoom('execute'),
      urgent: withRoom('urgent'),
    };
  }

  /** Keeps why a step failed, for the gap that may come of it. */
  async #noting(
    queue: QueueName,
    message: ReceivedMessage,
    handle: (message: ReceivedMessage) => Promise<void>,
  ): Promise<void> {
    try {
      await handle(message);
    } catch (error) {
      const { body, receives } = message;
      await noteFailure(this.#ports, body as unknown as CycleMessage, STEP_OF[queue], receives, error).catch(
        (unnoted) => this.#log.error(unnoted, { queue }),
      );
      throw error;
    }
  }

  /** What the queues gave up on becomes recorded gaps, one after the other; what cannot be recorded waits for the next sweep. */
  #recordGaps(): void {
    this.#gaps = this.#gaps
      .then(() =>
        recordDeadLetters({
          ports: this.#ports,
          queue: this.#embedded.queue,
          onGap: (gap) => this.#tellOfGap(gap),
          onFailure: (error, queue) => this.#failed(error, { queue }),
        }),
      )
      .catch((error) => this.#failed(error, {}));
  }

  #tellOfGap(gap: RecordedGap): void {
    const cycle = formatInstant(gap.cycle);
    this.#log.tell(`The cycle ${cycle} of ${gap.stream} was given up (${describeGap(gap)}); the next one goes on.`, {
      gap,
    });
  }

  #sweepUp(): void {
    this.#recordGaps();
    this.#kickAll();
  }

  #kickAll(): void {
    for (const { account } of this.#effective.accounts) this.#kick(streamOf(this.#effective.configuration, account));
  }

  /**
   * Sets an account going once nothing is under way: what is under way sends on by itself what follows, and a second message
   * for the same step would run through every cycle after it beside the first.
   */
  readonly #kick = (stream: string): void => {
    if (this.#kicked.has(stream)) return;
    this.#kicked.add(stream);
    this.#whenIdle()
      .then(() => resume(this.#ports, stream))
      .catch((error) => this.#failed(error, { stream }))
      .finally(() => this.#kicked.delete(stream));
  };

  async #whenIdle(): Promise<void> {
    while (await this.#isBusy()) await this.#sleep(DRAIN_POLL_MS);
  }

  #failed(error: unknown, fields: Readonly<Record<string, unknown>>): void {
    if (error instanceof PlimsollError && error.code === 'STOPPING') return;
    this.#log.error(error, fields);
    if (this.#reason !== undefined) return;
    if (error instanceof PlimsollError && FATAL.has(error.code)) {
      this.#reason = error;
      void this.stop();
    } else if (!this.#stopping.signal.aborted) {
      this.#log.tell(sentenceOf(error));
    }
  }

  async #instrumentsOf(stream: string): Promise<readonly Instrument[]> {
    const document = await this.#ports.ledger.document(stream, KEYS.opening);
    return (document!.value as unknown as Opening).instruments;
  }

  /** Ends early when the platform stops. */
  readonly #sleep = (ms: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const { signal } = this.#stopping;
      const stopped = () => {
        clearTimeout(timer);
        reject(new PlimsollError('STOPPING', 'the platform is stopping', 'start it again'));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stopped);
        resolve();
      }, ms);
      if (signal.aborted) stopped();
      else signal.addEventListener('abort', stopped, { once: true });
    });
}

function firstOf(cycles: Generator<ArrivedBars>): number {
  const first = cycles.next();
  cycles.return(undefined);
  return first.done ? 0 : (first.value as ArrivedBars).asOf;
}
