/** What an account ran under at some event, from its ledger alone: a decision is made again under what was in force then. */
import type { EngineDefinition } from '../core/engine/engine.ts';
import { PlimsollError } from '../core/errors.ts';
import { executionModelSchema } from '../core/execution/model.ts';
import type { LedgerEvent } from '../core/ledger/events.ts';
import { upcast } from '../core/ledger/upcasters.ts';
import type { Instrument } from '../core/market/instrument.ts';
import type { Timeframe } from '../core/market/timeframe.ts';
import { batchesBefore, hasBatches } from '../core/models/batch/before.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { Thresholds } from '../core/risk/limit-changes.ts';
import { limitsSchema } from '../core/risk/limits.ts';
import {
  definitionWith,
  definitionWithBatches,
  findStrategy,
  parseParams,
  type StrategyRegistry,
} from '../core/strategies/registry.ts';
import type { RunningStrategy } from '../core/strategies/runner.ts';
import type { StepPorts } from '../functions/steps/ports.ts';

/** As the ledger names a strategy. */
interface Registered {
  readonly id: string;
  readonly name: string;
  readonly params: Record<string, unknown>;
  readonly codeHash: string;
  readonly instruments: string[];
  readonly timeframe: Timeframe;
  readonly allocation: number;
  /** By name, the versions of the models that it asked. */
  readonly models?: Readonly<Record<string, string>>;
}

type Body = Record<string, unknown>;
const PAGE = 500;

/** Everything up to and with the event `sequence`. Throws `STRATEGY_UNKNOWN` where a strategy's file is gone. */
export async function definitionInLedger(
  ledger: LedgerPort,
  stream: string,
  sequence: number,
  { registry, modelsBefore }: Pick<StepPorts, 'registry' | 'modelsBefore'>,
): Promise<EngineDefinition> {
  let opened: Body | undefined;
  let applied: Body | undefined;
  let deposit: unknown;
  const instruments: Instrument[] = [];
  let strategies: Registered[] = [];
  let openedAt = 0;
  for await (const event of eventsUpTo(ledger, stream, sequence)) {
    const body = event.body as Body;
    if (event.kind === 'StreamOpened') {
      opened = body;
      openedAt = event.cycle;
    } else if (event.kind === 'InstrumentListed') instruments.push(body.instrument as Instrument);
    else if (event.kind === 'InstrumentRelisted') instruments[Number(body.index)] = body.instrument as Instrument;
    else if (event.kind === 'StrategyRegistered') strategies.push(body as unknown as Registered);
    else if (event.kind === 'CashMoved') deposit ??= event.amount;
    else if (event.kind === 'LimitsApplied') {
      const { limits, allocations } = (body as unknown as { to: Thresholds }).to;
      applied = { ...applied, limits };
      strategies = strategies.map((each) => ({ ...each, allocation: allocations[each.id] ?? each.allocation }));
    } else if (event.kind === 'ConfigurationApplied') {
      applied = body;
      strategies = (body.strategies as Registered[] | undefined) ?? strategies;
    }
  }
  if (!opened || !applied)
    throw new PlimsollError(
      'ACCOUNT_NOT_OPEN',
      `the ledger of ${stream} does not begin with its opening`,
      'run `plimsoll ledger verify`',
    );
  return {
    stream,
    provenance: opened.provenance as EngineDefinition['provenance'],
    currency: String(opened.currency),
    moneyDecimals: Number(opened.moneyDecimals),
    cash: Number(deposit),
    openedAt,
    instruments,
    timeframe: opened.timeframe as Timeframe,
    strategies: await Promise.all(strategies.map((registered) => runningOf(registered, registry, modelsBefore))),
    limits: limitsSchema.parse(applied.limits),
    execution: executionModelSchema.parse(applied.execution),
    ...(applied.budgets ? { budgets: applied.budgets as EngineDefinition['budgets'] } : {}),
    ...(applied.sizing ? { sizing: applied.sizing as EngineDefinition['sizing'] } : {}),
    configurationHash: String(applied.configurationHash),
  };
}

async function runningOf(
  { name, params, models, ...registered }: Registered,
  registry: StrategyRegistry,
  modelsBefore: StepPorts['modelsBefore'],
): Promise<RunningStrategy> {
  const { definition, codeHash } = findStrategy(registry, name);
  const asThen = models && modelsBefore ? definitionWith(definition, await modelsBefore(models)) : definition;
  const given = models && hasBatches(models) ? definitionWithBatches(asThen, batchesBefore(models)) : asThen;
  return { ...registered, definition: given, params: parseParams(definition, params), codeHash };
}

async function* eventsUpTo(ledger: LedgerPort, stream: string, sequence: number): AsyncGenerator<LedgerEvent> {
  for (let after = 0; ; ) {
    const commits = await ledger.read(stream, after, PAGE);
    for (const { firstSequence, events } of commits) {
      if (firstSequence > sequence) return;
      for (const event of events.slice(0, sequence - firstSequence + 1)) yield upcast(event);
    }
    if (commits.length < PAGE) return;
    after = commits[commits.length - 1].number;
  }
}
