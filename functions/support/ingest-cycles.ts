/** Which cycles an invocation of ingest opens, and how: from the schedule, or by hand for a span of recorded time. */
import { type SchedulerEvent, settle, settledKey, ticksOf } from '../../adapters/aws/scheduler-ticks.ts';
import type { Lake } from '../../adapters/lake/lake.ts';
import { streamOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import { barsFromRows } from '../../core/market/bars.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import { nearest } from '../../core/nearest.ts';
import type { LedgerDocument } from '../../core/ports/ledger.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import type { SchedulePlan } from '../../core/ports/schedule.ts';
import { forEachOf, type GatheredBars, gatherBars } from '../steps/gather.ts';
import { openAccount, openCycles, resume } from '../steps/ingest.ts';
import type { StepPorts } from '../steps/ports.ts';

export interface IngestPorts {
  readonly steps: StepPorts;
  readonly lake: Lake;
  readonly venue: (name: string) => MarketDataPort;
  readonly sleep: (milliseconds: number) => Promise<void>;
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
 * Opens what is due by the schedule's event for every account of its universe. One account's failure does not keep the others
 * from theirs; it is thrown at the end, so that the event comes again.
 */
export async function ingestScheduled(ports: IngestPorts, event: SchedulerEvent): Promise<void> {
  const { configuration, ledger, now } = ports.steps;
  const plan = planOf(configuration, event.schedule);
  const due: DueAccount[] = [];
  for (const account of configuration.accounts.filter(({ universe }) => universe === event.schedule)) {
    const settled = await ledger.document(streamOf(configuration, account), settledKey(plan));
    const ticks = ticksOf(plan, event, settled);
    if (ticks.times.length > 0) due.push({ account, settled, ...ticks });
    else await resume(ports.steps, streamOf(configuration, account));
  }
  const readyAt = Math.max(0, ...due.map((each) => each.readyAt));
  await ports.sleep(Math.max(0, Math.min(readyAt - now(), plan.delayMs)));
  const work = await Promise.allSettled(
    (await byInstruments(ports, due)).map((group) => ingestGroup(ports, plan, group, readyAt)),
  );
  const failed = work.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Opens the cycles of a span in which any bar closed, for replays and backfills. */
export async function ingestSpan(ports: IngestPorts, span: IngestSpan): Promise<void> {
  const { configuration, now } = ports.steps;
  const account = accountNamed(configuration, span.account);
  const universe = universeOf(configuration, account);
  const venue = ports.venue(universe.venue);
  const timeframe = universe.timeframe as Timeframe;
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

interface DueAccount {
  readonly account: AccountConfiguration;
  readonly settled: LedgerDocument | undefined;
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

/** Opens the accounts that are new. Those that count in the same instruments share what is fetched. */
async function byInstruments(ports: IngestPorts, due: readonly DueAccount[]): Promise<Group[]> {
  const groups = new Map<string, Group>();
  for (const each of due) {
    const universe = universeOf(ports.steps.configuration, each.account);
    const venue = ports.venue(universe.venue);
    const listed = await venue.instruments(universe.symbols);
    const { instruments } = await openAccount(ports.steps, each.account, listed, venue.provenance, each.times[0]);
    const key = canonicalJson(JSON.parse(JSON.stringify(instruments)));
    const timeframe = universe.timeframe as Timeframe;
    const group = groups.get(key) ?? { venue, instruments, timeframe, accounts: [] };
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
  await open(ports, account, venue, own);
  await settleTimes(ports.steps, plan, due);
  await resume(ports.steps, streamOf(ports.steps.configuration, account));
  ports.report(reportOf(account, universeOf(ports.steps.configuration, account).symbols.length, own, skipped));
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
