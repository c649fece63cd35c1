import { streamOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import { openStream } from '../../core/engine/genesis.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { Bar } from '../../core/market/bars.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import { type DocumentWrite, LEDGER_BOUNDS, type LedgerPort } from '../../core/ports/ledger.ts';
import type { Provenance } from '../../core/ports/market-data.ts';
import { type CycleDocument, findAccount, KEYS, type Opening } from './account-state.ts';
import { commitEngine } from './commit-engine.ts';
import { buildEngine, contentHash } from './engines.ts';
import type { StepPorts } from './ports.ts';
import { digestOf } from './runs-under.ts';
import { sendNext } from './step.ts';

const MAX_HEAD_RACES = 50;

/** The bars of one logical time, as a venue gave them. */
export interface ArrivedBars {
  /** ms UTC: when they closed. */
  readonly asOf: number;
  /** By symbol; a symbol without a bar is missing. */
  readonly bars: ReadonlyMap<string, Bar>;
  /** History before the first decision. */
  readonly warmUp?: true;
}

/** Opens the stream of an account where it is new: its definition and first deposit become the first commit. */
export async function openAccount(
  ports: StepPorts,
  account: AccountConfiguration,
  instruments: readonly Instrument[],
  provenance: Provenance,
  openedAt: number,
): Promise<Opening> {
  const stream = streamOf(ports.configuration, account);
  const existing = await ports.ledger.document(stream, KEYS.opening);
  if (existing) return assertOpening(stream, existing.value as unknown as Opening, provenance);
  const opening: Opening = { openedAt, provenance, instruments: JSON.parse(JSON.stringify(instruments)) };
  const engine = buildEngine(ports, stream, opening);
  openStream(engine);
  const cursor = { cycle: openedAt - 1, next: 'settled' } as const;
  const written = await commitEngine(
    ports,
    engine,
    { version: 0, cursor, verdicts: [], runsUnder: digestOf(engine.definition) },
    [{ key: KEYS.opening, value: opening as unknown as Json, expectedVersion: 0 }],
  );
  if (written) return opening;
  const winner = await ports.ledger.document(stream, KEYS.opening);
  if (!winner) throw new PlimsollError('ACCOUNT_CONTENDED', `the account ${stream} could not be opened`, 'try again');
  return assertOpening(stream, winner.value as unknown as Opening, provenance);
}

/** Recorded, simulated and live bars never share an account. */
function assertOpening(stream: string, opening: Opening, provenance: Provenance): Opening {
  if (opening.provenance === provenance) return opening;
  throw new PlimsollError(
    'PROVENANCE_MIXED',
    `the account ${stream} was opened on ${opening.provenance} data and the venue gives ${provenance} data`,
    'use another account or another data directory for it',
    { kept: 'its ledger is untouched' },
  );
}

/** Opens a cycle with the bars that arrived, once; a second call for the same time changes nothing. Then sets it going. */
export async function ingestStep(
  ports: StepPorts,
  account: AccountConfiguration,
  arrived: ArrivedBars,
  lateByMs = 0,
): Promise<void> {
  await openCycles(ports, account, [arrived], lateByMs);
  await resume(ports, streamOf(ports.configuration, account));
}

/**
 * Opens cycles in order of time, without setting them going. Those that are open already stay as they are, and one that is older than
 * the latest is left out: the account may have passed it, and would never come back for it.
 */
export async function openCycles(
  ports: StepPorts,
  account: AccountConfiguration,
  arrived: readonly ArrivedBars[],
  lateByMs = 0,
): Promise<void> {
  const stream = streamOf(ports.configuration, account);
  for (let from = 0; from < arrived.length; from += CYCLES_PER_COMMIT) {
    const part = arrived.slice(from, from + CYCLES_PER_COMMIT);
    await writeCycles(
      ports,
      stream,
      part.map((bars) => cycleDocument(ports, account, bars, lateByMs)),
    );
  }
  ports.faultPoint?.('ingest:opened');
}

/** The document that says which cycle was opened last; ingests that run side by side meet there. */
const OPENED = 'opened';
const CYCLES_PER_COMMIT = LEDGER_BOUNDS.documentsPerCommit - 1;

async function writeCycles({ ledger }: StepPorts, stream: string, cycles: readonly CycleDocument[]): Promise<void> {
  for (let tries = 0; tries < MAX_HEAD_RACES; tries++) {
    const opened = await ledger.document(stream, OPENED);
    const last = opened ? (opened.value as { asOf: number }).asOf : await latestOf(ledger, stream);
    const later = cycles.filter(({ asOf }) => asOf > last);
    if (later.length === 0) return;
    const documents: DocumentWrite[] = [
      ...later.map((cycle) => ({
        key: KEYS.cycle(cycle.asOf),
        value: cycle as unknown as Json,
        expectedVersion: 0,
      })),
      { key: OPENED, value: { asOf: later[later.length - 1].asOf }, expectedVersion: opened?.version ?? 0 },
    ];
    const expected = await ledger.head(stream);
    const outcome = await ledger.commit({ stream, expected, events: [], hash: '', documents, guards: [] });
    if (outcome.kind === 'committed') return;
  }
  throw new PlimsollError(
    'ACCOUNT_CONTENDED',
    `a cycle of ${stream} could not be opened beside other writers`,
    'try again',
    { kept: 'its bars can be fetched again' },
  );
}

/** Streams of before the document was kept say it by their cycles. */
async function latestOf(ledger: LedgerPort, stream: string): Promise<number> {
  const [last] = await ledger.documents(stream, { prefix: KEYS.cyclePrefix, reverse: true, limit: 1 });
  return last ? (last.value as unknown as CycleDocument).asOf : Number.NEGATIVE_INFINITY;
}

/** Sends what an account waits for: after ingest, after a restart, and whenever a message may have been lost. */
export async function resume(ports: StepPorts, stream: string): Promise<void> {
  const account = await findAccount(ports.ledger, stream);
  if (account) await sendNext(ports, stream, account.state.cursor);
}

function cycleDocument(
  ports: StepPorts,
  account: AccountConfiguration,
  { asOf, bars, warmUp }: ArrivedBars,
  lateByMs: number,
): CycleDocument {
  const { symbols } = universeOf(ports.configuration, account);
  const rows = Object.fromEntries(
    symbols.flatMap((symbol) => {
      const bar = bars.get(symbol);
      return bar ? [[symbol, [bar.timestamp, bar.open, bar.high, bar.low, bar.close, bar.volume] as const]] : [];
    }),
  );
  return {
    asOf,
    bars: rows,
    missing: symbols.filter((symbol) => !bars.has(symbol)),
    lateByMs,
    contentHash: contentHash(rows),
    openedAt: ports.now(),
    ...(warmUp ? { warmUp } : {}),
  };
}
