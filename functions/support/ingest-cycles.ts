/** Which cycles an invocation of ingest opens, and how: from the schedule, or by hand for a span of recorded time. */
import { type SchedulerEvent, settle, settledKey, ticksOf } from '../../adapters/aws/scheduler-ticks.ts';
import type { Lake } from '../../adapters/lake/lake.ts';
import { streamOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import { barsFromRows } from '../../core/market/bars.ts';
import { DAY_MS } from '../../core/market/civil.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import { nearest } from '../../core/nearest.ts';
import type { LedgerDocument } from '../../core/ports/ledger.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import type { SchedulePlan } from '../../core/ports/schedule.ts';
import { type AccountState, findAccount, KEYS, type Opening } from '../steps/account-state.ts';
import { applyConfiguration } from '../steps/configure.ts';
import { forEachOf, type GatheredBars, gatherBars } from '../steps/gather.ts';
import { openAccount, openCycles, resume } from '../steps/ingest.ts';
import { takeListing } from '../steps/listing.ts';
import { recordMissed } from '../steps/missed-cycles.ts';
import type { StepPorts } from '../steps/ports.ts';
import { cycleFollowing, sendNext } from '../steps/step.ts';
import { warmUp } from '../steps/warm-up.ts';

export interface IngestPorts {
  readonly steps: StepPorts;
  readonly lake: Lake;
  readonly venue: (name: string) => MarketDataPort;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Told, in sentences, what venues changed about the instruments of an account. */
  readonly tell: (sentences: readonly string[]) => void;
  /** Told what an invocation did. */
  readonly report: (done: IngestReport) => void;
}

export interface IngestReport {
  readonly account: string;
  readonly opened: number;
  /** Due, and too old to be made up for. */
  readonly skipped: number;
  readonly missing: number;
  /** "BTC/USDT at 1700000000000: high 1 and low 2 …" */
  readonly refused: readonly string[];
  /** Looser limits that wait for a second person's approval, one by one; left out where nobody looked. */
  readonly waiting?: number;
  /** Its history is not whole yet, and is gone on with at the next time. */
  readonly isWarmingUp?: true;
}

/** A span of bars of one account: those whose open lies in [`from`, `to`), ms UTC. */
export interface IngestSpan {
  readonly account: string;
  readonly from: number;
  readonly to: number;
}

export const INGEST_BOUNDS = {
  /** Cycles that one invocation by hand opens. */
  cyclesPerSpan: 1_000,
  lakeWritesAtOnce: 8,
  /** How long an invocation fetches the history of new accounts; the next one goes on. Within what its time-out leaves for work. */
  warmUpMs: 60_000,
  /** Without a move for so long, a message was lost: longer than one stays hidden through all of its tries. */
  atWorkMs: 900_000,
  settleRaces: 50,
} as const;

/** The plan of a universe's schedule: its bars close, and a little later they are asked for. */
export function planOf(configuration: Configuration, universe: string): SchedulePlan {
  const { delayMs, maxCatchUp } = configuration.schedule;
  return {
    name: universe,
    everyMs: timeframeMs(universeNamed(configuration, universe).timeframe),
    delayMs,
    maxCatchUp,
  };
}

/**
 * Opens what is due by the schedule's event for every account of its universe, after the configuration that was deployed is taken
 * over, and after its history where the account is new. One account's failure does not keep the others from theirs; it is thrown
 * at the end, so that the event comes again.
 */
export async function ingestScheduled(ports: IngestPorts, event: SchedulerEvent): Promise<void> {
  const { configuration, ledger } = ports.steps;
  const plan = planOf(configuration, event.schedule);
  const accounts = await Promise.all(
    configuration.accounts
      .filter(({ universe }) => universe === event.schedule)
      .map(async (account) => ({
        account,
        settled: await ledger.document(streamOf(configuration, account), settledKey(plan)),
      })),
  );
  // Those that trade already do not wait for the history of those that are new.
  const trading = await ingestTogether(
    ports,
    plan,
    event,
    accounts.filter(({ settled }) => settled),
  );
  const begun = await ingestTogether(
    ports,
    plan,
    event,
    accounts.filter(({ settled }) => !settled),
  );
  const [failure] = [...trading, ...begun];
  if (failure) throw failure.reason;
}

/** What kept any of the accounts from their cycles. */
async function ingestTogether(
  ports: IngestPorts,
  plan: SchedulePlan,
  event: SchedulerEvent,
  accounts: readonly ScheduledAccount[],
): Promise<PromiseRejectedResult[]> {
  const { now } = ports.steps;
  const run: Run = { ports, plan, until: now() + INGEST_BOUNDS.warmUpMs, history: new Map() };
  const due: DueAccount[] = [];
  const failures: PromiseRejectedResult[] = [];
  for (const each of accounts) {
    const [prepared] = await Promise.allSettled([prepare(run, event, each)]);
    if (prepared.status === 'rejected') failures.push(prepared);
    else due.push(...prepared.value);
  }
  const readyAt = Math.max(0, ...due.map((each) => each.readyAt));
  await ports.sleep(Math.max(0, Math.min(readyAt - now(), plan.delayMs)));
  const work = await Promise.allSettled(
    byInstruments(ports, due).map((group) => ingestGroup(ports, plan, group, readyAt)),
  );
  return [...failures, ...work.filter((outcome) => outcome.status === 'rejected')];
}

/** Opens the cycles of a span in which any bar closed, for replays and backfills. */
export async function ingestSpan(ports: IngestPorts, span: IngestSpan): Promise<void> {
  const { configuration, now } = ports.steps;
  const account = accountNamed(configuration, span.account);
  const universe = universeOf(configuration, account);
  const venue = ports.venue(universe.venue);
  const timeframe = universe.timeframe as Timeframe;
  if (await findAccount(ports.steps.ledger, streamOf(configuration, account)))
    await applyConfiguration(ports.steps, account);
  const times = timesOf(span, timeframeMs(timeframe));
  const instruments = await venue.instruments(universe.symbols);
  const request = { venue, instruments, timeframe, times, waitUntil: 0, now, sleep: ports.sleep };
  const gathered = (await gatherBars(request)).filter(({ bars }) => bars.size > 0);
  if (gathered.length === 0) return;
  await openAccount(ports.steps, account, instruments, venue.provenance, gathered[0].asOf);
  await store(ports, venue, instruments, timeframe, gathered);
  await open(ports, account, venue, gathered);
  await resume(ports.steps, streamOf(configuration, account));
  ports.report(reportOf(account, universe.symbols.length, gathered, 0));
}

/** One invocation by the schedule. */
interface Run {
  readonly ports: IngestPorts;
  readonly plan: SchedulePlan;
  /** Wall-clock ms UTC until which history is fetched. */
  readonly until: number;
  /** What the venues answered, by request: accounts that begin together share it. */
  readonly history: Map<string, ReturnType<MarketDataPort['bars']>>;
}

interface ScheduledAccount {
  readonly account: AccountConfiguration;
  /** How far its schedule has come; undefined where it is new. */
  readonly settled: LedgerDocument | undefined;
}

interface DueAccount extends ScheduledAccount {
  readonly instruments: readonly Instrument[];
  readonly times: readonly number[];
  readonly skipped: number;
  readonly readyAt: number;
}

interface Group {
  readonly venue: MarketDataPort;
  readonly instruments: readonly Instrument[];
  readonly timeframe: Timeframe;
  readonly accounts: DueAccount[];
}

/** An account that is ready for what is due; none where nothing is, or where its history is not whole yet. */
async function prepare(run: Run, event: SchedulerEvent, { account, settled }: ScheduledAccount): Promise<DueAccount[]> {
  const { ports, plan } = run;
  const { configuration, ledger } = ports.steps;
  const stream = streamOf(configuration, account);
  const ticks = ticksOf(plan, event, settled);
  if (ticks.times.length === 0) {
    await setGoing(ports.steps, stream);
    return [];
  }
  const universe = universeOf(configuration, account);
  const venue = ports.venue(universe.venue);
  const isOpen = settled !== undefined || (await findAccount(ledger, stream)) !== undefined;
  const changed = isOpen ? await applyConfiguration(ports.steps, account) : [];
  if (changed.length > 0) {
    ports.tell([`The configuration of "${account.id}" changed and is taken over: ${changed.join(', ')}.`]);
    await resume(ports.steps, stream);
  }
  const listed = isOpen ? [] : await venue.instruments(universe.symbols);
  if (ticks.settledUntil !== undefined && isNewDay(ticks.settledUntil, ticks.times[0]) && venue.provenance === 'live')
    ports.tell(await takeListing(ports.steps, account, venue));
  const isWarm = settled !== undefined || (await warm(run, account, venue, listed, ticks.times[0]));
  if (!isWarm) return [];
  const { instruments } = await openAccount(ports.steps, account, listed, venue.provenance, ticks.times[0]);
  return [{ account, instruments, settled, ...ticks }];
}

/** Whether a time is on another day (UTC) than the one up to which a schedule is settled. */
function isNewDay(settledUntil: number, time: number): boolean {
  return Math.floor(time / DAY_MS) !== Math.floor(settledUntil / DAY_MS);
}

/** Whether an account that the schedule has not run yet has its history; what of it fits this invocation is opened. */
async function warm(
  { ports, until, history }: Run,
  account: AccountConfiguration,
  venue: MarketDataPort,
  listed: readonly Instrument[],
  before: number,
): Promise<boolean> {
  const { steps, sleep } = ports;
  const stream = streamOf(steps.configuration, account);
  const instruments = listed.length > 0 ? listed : await openedWith(steps, stream);
  const timeframe = universeOf(steps.configuration, account).timeframe as Timeframe;
  const isWhole = await warmUp({
    ports: steps,
    account,
    venue: remembering(venue, history),
    instruments,
    before,
    keep: (cycles, knownAt) => keepHistory(ports, venue, instruments, timeframe, cycles, knownAt),
    sleep,
    until,
  });
  if (isWhole) return true;
  await setGoing(steps, stream);
  ports.report({ account: account.id, opened: 0, skipped: 0, missing: 0, refused: [], isWarmingUp: true });
  return false;
}

async function openedWith({ ledger }: StepPorts, stream: string): Promise<readonly Instrument[]> {
  const opening = await ledger.document(stream, KEYS.opening);
  return (opening!.value as unknown as Opening).instruments;
}

function remembering(venue: MarketDataPort, answers: Run['history']): MarketDataPort {
  return {
    venue: venue.venue,
    provenance: venue.provenance,
    instruments: (symbols) => venue.instruments(symbols),
    bars(...request) {
      const [{ symbol }, ...span] = request;
      const key = [venue.venue, symbol, ...span].join(' ');
      const answer = answers.get(key) ?? venue.bars(...request);
      answers.set(key, answer);
      return answer;
    },
    close: () => venue.close(),
  };
}

/** Those that count in the same instruments share what is fetched. */
function byInstruments(ports: IngestPorts, due: readonly DueAccount[]): Group[] {
  const groups = new Map<string, Group>();
  for (const each of due) {
    const universe = universeOf(ports.steps.configuration, each.account);
    const { instruments } = each;
    const key = canonicalJson(JSON.parse(JSON.stringify(instruments)));
    const timeframe = universe.timeframe as Timeframe;
    const group = groups.get(key) ?? { venue: ports.venue(universe.venue), instruments, timeframe, accounts: [] };
    group.accounts.push(each);
    groups.set(key, group);
  }
  return [...groups.values()];
}

async function ingestGroup(ports: IngestPorts, plan: SchedulePlan, group: Group, readyAt: number): Promise<void> {
  const { configuration, now } = ports.steps;
  const { venue, instruments, timeframe, accounts } = group;
  const times = [...new Set(accounts.flatMap((each) => each.times))].sort((a, b) => a - b);
  const waitUntil = readyAt + configuration.schedule.deadlineMs;
  const gathered = await gatherBars({ venue, instruments, timeframe, times, waitUntil, now, sleep: ports.sleep });
  await store(ports, venue, instruments, timeframe, gathered);
  const work = await Promise.allSettled(accounts.map((each) => ingestAccount(ports, plan, venue, each, gathered)));
  const failed = work.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

async function ingestAccount(
  ports: IngestPorts,
  plan: SchedulePlan,
  venue: MarketDataPort,
  due: DueAccount,
  gathered: readonly GatheredBars[],
): Promise<void> {
  const { account, times, skipped } = due;
  const own = gathered.filter(({ asOf }) => times.includes(asOf));
  if (skipped > 0)
    await recordMissed(ports.steps, streamOf(ports.steps.configuration, account), plan.everyMs, times[0], skipped);
  await open(ports, account, venue, own);
  // In this order: a process that ends in between finds its times not settled, and sends again what may have been lost.
  const state = await setGoing(ports.steps, streamOf(ports.steps.configuration, account), own[0]?.asOf);
  await settleTimes(ports.steps, plan, due);
  const done = reportOf(account, universeOf(ports.steps.configuration, account).symbols.length, own, skipped);
  ports.report({ ...done, waiting: state?.engine.limits?.held?.changes.length ?? 0 });
}

/**
 * Sends what an account waits for, unless it is at work: a second message for a step would run beside the first through every
 * cycle that is open. At work is one that moved a moment ago and stands within a cycle, or before one that was opened earlier;
 * the message that took it there takes it on.
 * @param opened the first cycle that was opened just now
 * @returns the account as it stands; undefined where it is not open
 */
async function setGoing(
  steps: StepPorts,
  stream: string,
  opened = Number.POSITIVE_INFINITY,
): Promise<AccountState | undefined> {
  const account = await findAccount(steps.ledger, stream);
  if (account) await sendIfAtRest(steps, stream, account.state, opened);
  return account?.state;
}

async function sendIfAtRest(
  steps: StepPorts,
  stream: string,
  { cursor, verdicts }: AccountState,
  opened: number,
): Promise<void> {
  const isMoving = steps.now() - (verdicts.at(-1)?.at ?? 0) < INGEST_BOUNDS.atWorkMs;
  if (isMoving && cursor.next !== 'settled') return;
  const following = isMoving ? await cycleFollowing(steps, stream, cursor) : undefined;
  if (following !== undefined && following < opened) return;
  await sendNext(steps, stream, cursor);
}

/** Each with how late it is, where that is too late to trade on. Recorded bars have no clock but their own. */
async function open(
  { steps }: IngestPorts,
  account: AccountConfiguration,
  venue: MarketDataPort,
  gathered: readonly GatheredBars[],
): Promise<void> {
  const { staleAfterMs } = steps.configuration.schedule;
  const now = steps.now();
  const isLate = ({ asOf }: GatheredBars): boolean => venue.provenance !== 'recorded' && now - asOf > staleAfterMs;
  for (const late of gathered.filter(isLate)) await openCycles(steps, account, [late], now - late.asOf);
  await openCycles(
    steps,
    account,
    gathered.filter((cycle) => !isLate(cycle)),
  );
}

/** Every bar as known at its cycle's time. What came from the lake is there already. */
async function store(
  { lake }: IngestPorts,
  { venue, provenance }: MarketDataPort,
  instruments: readonly Instrument[],
  timeframe: Timeframe,
  gathered: readonly GatheredBars[],
): Promise<void> {
  if (provenance === 'recorded') return;
  const decimals = new Map(instruments.map(({ symbol, priceDecimals }) => [symbol, priceDecimals]));
  const writes = gathered.flatMap(({ asOf, bars }) => [...bars].map(([symbol, bar]) => ({ asOf, symbol, bar })));
  await forEachOf(writes, INGEST_BOUNDS.lakeWritesAtOnce, async ({ asOf, symbol, bar }) => {
    const bars = barsFromRows([bar], decimals.get(symbol)!);
    await lake.appendBars({ provenance, venue, symbol, timeframe, bars, knownAt: asOf });
  });
}

/** Bars of the past, all as known when they were fetched: one file a symbol. */
async function keepHistory(
  { lake }: IngestPorts,
  { venue, provenance }: MarketDataPort,
  instruments: readonly Instrument[],
  timeframe: Timeframe,
  cycles: readonly GatheredBars[],
  knownAt: number,
): Promise<void> {
  if (provenance === 'recorded') return;
  await forEachOf(instruments, INGEST_BOUNDS.lakeWritesAtOnce, async ({ symbol, priceDecimals }) => {
    const rows = cycles.flatMap(({ bars }) => bars.get(symbol) ?? []);
    if (rows.length === 0) return;
    const bars = barsFromRows(rows, priceDecimals);
    await lake.appendBars({ provenance, venue, symbol, timeframe, bars, knownAt });
  });
}

/** Says in the account's ledger how far its schedule has come. Another invocation that got further wins. */
async function settleTimes(
  { ledger, configuration }: StepPorts,
  plan: SchedulePlan,
  { account, times, settled }: DueAccount,
): Promise<void> {
  const stream = streamOf(configuration, account);
  const documents = [settle(plan, times[times.length - 1], settled)];
  for (let race = 0; race < INGEST_BOUNDS.settleRaces; race++) {
    const expected = await ledger.head(stream);
    const outcome = await ledger.commit({ stream, expected, events: [], hash: '', documents, guards: [] });
    if (outcome.kind !== 'conflict') return;
  }
  throw new PlimsollError(
    'ACCOUNT_CONTENDED',
    `the schedule of ${stream} could not be settled beside other writers`,
    'it is done with the next event',
    { kept: 'its cycles are open' },
  );
}

function reportOf(
  { id }: AccountConfiguration,
  symbols: number,
  gathered: readonly GatheredBars[],
  skipped: number,
): IngestReport {
  return {
    account: id,
    opened: gathered.length,
    skipped,
    missing: gathered.reduce((sum, { bars }) => sum + symbols - bars.size, 0),
    refused: gathered.flatMap(({ asOf, refused }) =>
      [...refused].map(([symbol, why]) => `${symbol} at ${asOf}: ${why}`),
    ),
  };
}

/** The closes of the bars of a span. */
function timesOf({ from, to }: IngestSpan, length: number): number[] {
  const first = Math.ceil(from / length) * length;
  const cycles = Math.max(0, Math.ceil((to - first) / length));
  if (cycles <= INGEST_BOUNDS.cyclesPerSpan) return Array.from({ length: cycles }, (_, k) => first + (k + 1) * length);
  throw new PlimsollError(
    'INGEST_SPAN_TOO_LONG',
    `the span holds ${cycles} cycles, and at most ${INGEST_BOUNDS.cyclesPerSpan} are opened at once`,
    'invoke ingest for shorter spans, one after the other',
  );
}

function accountNamed({ accounts }: Configuration, id: string): AccountConfiguration {
  const account = accounts.find((candidate) => candidate.id === id);
  if (account) return account;
  const known = accounts.map((candidate) => candidate.id);
  throw new PlimsollError('ACCOUNT_UNKNOWN', `the account "${id}" is not configured`, `use ${nearest(id, known)}`);
}

function universeNamed({ universes }: Configuration, name: string): Configuration['universes'][string] {
  const universe = universes[name];
  if (universe) return universe;
  const remedy = `use ${nearest(name, Object.keys(universes))}, or deploy again`;
  throw new PlimsollError('UNIVERSE_UNKNOWN', `the universe "${name}" is not configured`, remedy);
}
