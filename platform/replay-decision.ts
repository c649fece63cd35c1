/** A decision made again from what it pinned, beside what the ledger says came of it then. */
import { execute, risk } from '../core/cycle.ts';
import { Engine, type EngineDefinition } from '../core/engine/engine.ts';
import type { MarketState } from '../core/engine/market-state.ts';
import { PlimsollError } from '../core/errors.ts';
import { fromCheckpointJson, type Json } from '../core/json.ts';
import type { LedgerEvent } from '../core/ledger/events.ts';
import { upcast } from '../core/ledger/upcasters.ts';
import { barAt } from '../core/market/bars.ts';
import { formatInstant } from '../core/market/civil.ts';
import { instantOf } from '../core/market/instant.ts';
import { formatDecimal, pow10 } from '../core/numbers.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { SeriesView } from '../core/strategies/contract.ts';
import type { SignalProposal, StrategyCheckpoint, StrategyRunner } from '../core/strategies/runner.ts';
import { type AccountState, type CycleDocument, KEYS, loadAccount } from '../functions/steps/account-state.ts';
import { keptAnswers, underAnswers } from '../functions/steps/ask-models.ts';
import { contentHash, takeCycle } from '../functions/steps/engines.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { askStrategies } from '../functions/steps/signal.ts';
import { eventsOfCycle, type SequencedEvent } from '../operations/support/ledger-events.ts';
import { definitionInLedger } from './ledger-definition.ts';
import { commitAt, redoCommand } from './replay-commands.ts';

/** Far more than the orders and commands of one cycle make. */
const MAX_EVENTS = 100_000;
/** Between two steps. */
const MAX_COMMANDS = 100;

/** As the signal step pinned it. */
interface Pinned {
  readonly cycle: number;
  readonly contentHash: string;
  readonly configurationHash: string;
  readonly codeHashes: readonly string[];
  readonly account: Json;
  readonly checkpoints: readonly Json[];
  readonly proposals: Json;
}

/** What a strategy saw of an instrument and what it held, in plain units. */
export interface Sight {
  readonly strategy: string;
  readonly symbol: string;
  readonly params: Record<string, unknown>;
  readonly bar: {
    readonly timestamp: number;
    readonly open: number;
    readonly high: number;
    readonly low: number;
    readonly close: number;
    readonly volume: number;
  };
  /** By name as declared: this bar's value and the one before. */
  readonly indicators: Record<string, unknown>;
  readonly position: { readonly quantity: number; readonly entryPrice: number | null; readonly unrealised: number };
}

export interface ReplayedDecision {
  readonly stream: string;
  readonly cycle: number;
  readonly same: boolean;
  /** In words, where it is not the same, or could not be expected to be. */
  readonly differences: string[];
  readonly provenance: string;
  readonly equity: string;
  readonly cash: string;
  readonly tradingState: string;
  readonly lateByMs: number;
  readonly limits: EngineDefinition['limits'];
  readonly sights: Sight[];
  readonly proposals: readonly SignalProposal[];
  /** As the ledger has them. */
  readonly events: readonly SequencedEvent[];
  readonly engine: Engine;
  readonly state: AccountState;
}

/**
 * Makes it again. `decision` is a cycle's time in ms UTC or ISO, or `latest`: of the latest cycle that is over. Throws `DECISION_UNKNOWN`, and
 * `DECISION_UNSETTLED` where the cycle is not over: what came of it is not all in the ledger yet.
 */
export async function replayDecision(ports: StepPorts, stream: string, decision: string): Promise<ReplayedDecision> {
  const { ledger } = ports;
  const pinned = await findDecision(ledger, stream, decision);
  const state = fromCheckpointJson(pinned.account) as AccountState;
  const document = await ledger.document(stream, KEYS.cycle(pinned.cycle));
  if (!document)
    throw new PlimsollError(
      'CYCLE_UNKNOWN',
      `the bars of cycle ${pinned.cycle} are not in the data directory`,
      'restore it from a backup',
    );
  const cycle = document.value as unknown as CycleDocument;
  const before = state.engine.journal.sequence;
  const definition = await definitionInLedger(ledger, stream, before, ports);
  const engine = restored(definition, state, cycle, pinned);
  const said = await keptAnswers(ledger, stream, pinned.cycle);
  const equity = engine.equity;
  underAnswers(engine, said, () => askStrategies(ports, engine));
  const proposals = [...engine.proposals];
  const sights = engine.runners.flatMap((runner) => sightsOf(engine, runner));
  const written = (await eventsOfCycle(ledger, stream, pinned.cycle, MAX_EVENTS)).filter(
    ({ sequence }) => sequence > before,
  );
  const made = drained(engine);
  for (const step of [risk, execute]) made.push(...replayStep(engine, cycle, step, written, made.length));
  const events = written.slice(0, made.length);
  const money = (scaled: number): string => formatDecimal(scaled, definition.moneyDecimals);
  const differences = differencesOf(pinned, definition, cycle, proposals, made, events);
  return {
    stream,
    cycle: pinned.cycle,
    same: differences.length === 0,
    differences,
    provenance: definition.provenance,
    equity: money(equity),
    cash: money(state.engine.cash),
    tradingState: state.engine.tradingState,
    lateByMs: cycle.lateByMs,
    limits: definition.limits,
    sights,
    proposals,
    events,
    engine,
    state,
  };
}

function restored(definition: EngineDefinition, state: AccountState, cycle: CycleDocument, pinned: Pinned): Engine {
  const engine = new Engine(definition);
  engine.restore(state.engine);
  takeCycle(engine, cycle);
  engine.runners.forEach((runner, k) => {
    const checkpoint = pinned.checkpoints[k];
    if (checkpoint !== null && checkpoint !== undefined)
      runner.restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);
  });
  return engine;
}

/**
 * A step, and before it what people did since the last one: where the step does not come out as the ledger has it and the commit that
 * stands there can be a command's, the command is done first. Returns the events of both; `at` is where they begin in `written`.
 */
function replayStep(
  engine: Engine,
  cycle: CycleDocument,
  step: (engine: Engine) => void,
  written: readonly SequencedEvent[],
  at: number,
): LedgerEvent[] {
  const made: LedgerEvent[] = [];
  for (let commands = 0; ; commands++) {
    const before = { state: engine.snapshot(), proposals: [...engine.proposals] };
    const goBack = (): void => {
      engine.restore(before.state);
      engine.proposals = [...before.proposals];
      takeCycle(engine, cycle);
    };
    goBack();
    step(engine);
    const stepped = drained(engine);
    if (commands === MAX_COMMANDS || isWritten(stepped, written, at + made.length)) return [...made, ...stepped];
    const commit = commitAt(written, at + made.length);
    goBack();
    const redone = redoCommand(engine, commit) ? drained(engine) : [];
    if (redone.length === 0 || !isWritten(redone, written, at + made.length)) return [...made, ...stepped];
    made.push(...redone);
  }
}

const drained = (engine: Engine): LedgerEvent[] =>
  engine.journal.drain().map((event) => upcast(event as unknown as Json));

const isWritten = (made: readonly LedgerEvent[], written: readonly SequencedEvent[], at: number): boolean =>
  made.every((event, k) => contentHash(event) === contentHash(written[at + k]?.event ?? null));

async function findDecision(ledger: LedgerPort, stream: string, decision: string): Promise<Pinned> {
  const prefix = KEYS.decisionPrefix;
  const latest = await ledger.documents(stream, { prefix, reverse: true, limit: 3 });
  if (latest.length === 0)
    throw new PlimsollError(
      'DECISION_UNKNOWN',
      `${stream} has made no decision yet`,
      'wait until a strategy proposes something',
    );
  const { cursor } = (await loadAccount(ledger, stream)).state;
  const isOver = ({ cycle }: Pinned): boolean => cycle < cursor.cycle || cursor.next === 'settled';
  const pinned = latest.map(({ value }) => value as unknown as Pinned);
  if (decision === 'latest') return pinned.find(isOver) ?? unsettled(stream, pinned[0]);
  const time = instantOf(decision);
  const found = time === undefined ? undefined : await ledger.document(stream, KEYS.decision(time));
  const wanted = found?.value as unknown as Pinned | undefined;
  if (wanted) return isOver(wanted) ? wanted : unsettled(stream, wanted);
  const known = pinned.map(({ cycle }) => formatInstant(cycle)).join(', ');
  throw new PlimsollError(
    'DECISION_UNKNOWN',
    `${stream} made no decision at "${decision}"`,
    `use latest, or the time of a cycle with proposals, such as ${known}`,
  );
}

function unsettled(stream: string, { cycle }: Pinned): never {
  throw new PlimsollError(
    'DECISION_UNSETTLED',
    `the cycle of ${formatInstant(cycle)} in ${stream} was decided, and is not over`,
    'wait until it is, or start the platform, which goes on with it',
  );
}

function differencesOf(
  pinned: Pinned,
  definition: EngineDefinition,
  cycle: CycleDocument,
  proposals: readonly SignalProposal[],
  made: readonly LedgerEvent[],
  events: readonly SequencedEvent[],
): string[] {
  const differences: string[] = [];
  if (contentHash(cycle.bars) !== pinned.contentHash)
    differences.push('the bars of the cycle are not those that it was decided on');
  if (definition.configurationHash !== pinned.configurationHash)
    differences.push('the ledger names another configuration than the decision pinned');
  definition.strategies.forEach(({ id, codeHash }, k) => {
    if (codeHash !== pinned.codeHashes[k])
      differences.push(
        `the code of "${id}" has changed since (${pinned.codeHashes[k]?.slice(0, 12)} then, ${codeHash.slice(0, 12)} now)`,
      );
  });
  if (contentHash(plain(proposals)) !== contentHash(pinned.proposals))
    differences.push(
      `the proposals differ: ${JSON.stringify(pinned.proposals)} then, ${JSON.stringify(proposals)} now`,
    );
  const at = made.findIndex((event, k) => contentHash(event) !== contentHash(events[k]?.event ?? null));
  if (at >= 0)
    differences.push(
      `event ${at + 1} of the decision differs: ${JSON.stringify(events[at]?.event ?? 'not in the ledger (yet)')} then, ${JSON.stringify(made[at])} now`,
    );
  return differences;
}

/** Without members that are undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function sightsOf(engine: Engine, runner: StrategyRunner): Sight[] {
  return engine.due.slice(0, engine.dueCount).flatMap((market) => {
    const context = runner.contextOf(market);
    return context ? [sightOf(engine, runner, market, context.view as unknown as Record<string, unknown>)] : [];
  });
}

function sightOf(
  engine: Engine,
  { running, index }: StrategyRunner,
  market: MarketState,
  view: Record<string, unknown>,
): Sight {
  const bar = barAt(market.bars, market.at);
  const scale = pow10(market.instrument.priceDecimals);
  const position = view.position as { quantity: number; entryPrice: number; unrealised: number };
  const names = Object.keys(running.definition.indicators(running.params));
  return {
    strategy: running.id,
    symbol: market.instrument.symbol,
    params: running.params,
    bar: { ...bar, open: bar.open / scale, high: bar.high / scale, low: bar.low / scale, close: bar.close / scale },
    indicators: Object.fromEntries(names.map((name) => [name, plainView(view[name])])),
    position: {
      quantity: position.quantity,
      entryPrice: engine.position(index, market.index).quantity === 0 ? null : position.entryPrice,
      unrealised: position.unrealised,
    },
  };
}

/** A series, or several of them by name. */
function plainView(view: unknown): unknown {
  const series = view as SeriesView & Record<string, SeriesView>;
  if (typeof series.value === 'number') return { value: series.value, previous: series.previous };
  return Object.fromEntries(Object.entries(series).map(([name, inner]) => [name, plainView(inner)]));
}
