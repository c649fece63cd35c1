/** A configuration that has changed since an account last ran: taken over in one commit, with the strategies moved to where they would be. */
import { streamOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import { recordDocument } from '../../core/engine/bookkeeping.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import type { DocumentWrite, LedgerPort } from '../../core/ports/ledger.ts';
import type { RunningStrategy, StrategyRunner } from '../../core/strategies/runner.ts';
import { type Cursor, type CycleDocument, KEYS, loadAccount } from './account-state.ts';
import { contentHash, engineOf, takeCycle } from './engines.ts';
import type { StepPorts } from './ports.ts';
import { commitEngine } from './step.ts';

/** What an account runs under: enough to see what has changed. */
interface Applied {
  readonly configurationHash: string;
  readonly strategies: readonly { readonly id: string; readonly contentHash: string }[];
}

export const CONFIGURE_BOUNDS = {
  /** Past cycles over which a new or changed strategy is moved before it is asked. */
  cycles: 5_000,
  conflicts: 20,
} as const;
const PAGE = 1_000;

/**
 * Takes over what the configuration or a strategy's file says now: limits, parameters, code, strategies that were added at the
 * end of the list. Says what changed, in a few words; empty where nothing did. Throws `CONFIGURATION_CHANGED` for what an
 * account cannot change: its universe, and strategies that are gone or stand in another place, since their positions are kept.
 */
export async function applyConfiguration(ports: StepPorts, account: AccountConfiguration): Promise<string[]> {
  const stream = streamOf(ports.configuration, account);
  for (let conflicts = 0; conflicts < CONFIGURE_BOUNDS.conflicts; conflicts++) {
    const before = await appliedBefore(ports.ledger, stream);
    const engine = await engineOf(ports, stream);
    const now = appliedNow(engine);
    assertPlaces(account, before, now);
    const changed = now.strategies.map((strategy, k) => before.strategies[k]?.contentHash !== strategy.contentHash);
    const limitsChanged = before.configurationHash !== now.configurationHash;
    if (!limitsChanged && !changed.includes(true)) return [];
    if (await apply(ports, engine, before, now, changed)) {
      const names = now.strategies.filter((_, k) => changed[k]).map(({ id }) => id);
      return names.length > 0 ? names : ['limits or costs'];
    }
  }
  throw new PlimsollError(
    'ACCOUNT_CONTENDED',
    `the changed configuration of ${stream} met other writers`,
    'try again',
    { kept: 'nothing was changed' },
  );
}

async function apply(
  ports: StepPorts,
  engine: Engine,
  before: Applied,
  now: Applied,
  changed: readonly boolean[],
): Promise<boolean> {
  const { stream } = engine.definition;
  const { state, version } = await loadAccount(ports.ledger, stream);
  engine.restore(state.engine);
  engine.runners.forEach((_, k) => {
    engine.paused[k] ??= false;
  });
  engine.proposals = [...state.proposals];
  engine.runners.slice(before.strategies.length).forEach(({ running, index }) => {
    recordDocument(engine, 'StrategyRegistered', { index, ...registration(running) });
  });
  recordDocument(engine, 'ConfigurationApplied', {
    configurationHash: now.configurationHash,
    limits: plain(engine.definition.limits),
    execution: plain(engine.definition.execution),
    strategies: engine.runners.map(({ running }) => registration(running)),
  });
  if (engine.watch.peak > 0) engine.watch.raisePeak(engine.watch.peak);
  const documents = await movedCheckpoints(ports, stream, state.cursor, changed);
  const applied: DocumentWrite = { key: KEYS.configuration, value: now as unknown as Json, expectedVersion: 'any' };
  return commitEngine(ports, engine, version, state.cursor, state.verdicts, [applied, ...documents]);
}

/** The checkpoints of new and changed strategies, from the bars of the cycles that are behind. */
async function movedCheckpoints(
  ports: StepPorts,
  stream: string,
  cursor: Cursor,
  changed: readonly boolean[],
): Promise<DocumentWrite[]> {
  if (!changed.includes(true)) return [];
  const engine = await engineOf(ports, stream);
  const runners = engine.runners.filter((_, k) => changed[k]);
  engine.paused.fill(true);
  for (const cycle of await cyclesBehind(ports.ledger, stream, cursor)) move(engine, runners, cycle);
  return runners.map((runner) => ({
    key: KEYS.checkpoint(runner.running.id),
    value: { cycle: cursor.cycle, checkpoint: runner.checkpoint() },
    expectedVersion: 'any',
  }));
}

function move(engine: Engine, runners: readonly StrategyRunner[], cycle: CycleDocument): void {
  takeCycle(engine, cycle);
  for (const runner of runners) {
    for (let k = 0; k < engine.dueCount; k++) runner.prepare(engine.due[k], engine.due[k].at, engine.due[k].at + 1);
    runner.decide(engine);
  }
}

/** Cycles over which the strategies have moved already, oldest first. */
async function cyclesBehind(ledger: LedgerPort, stream: string, { cycle, next }: Cursor): Promise<CycleDocument[]> {
  const isAsked = next !== 'reconcile' && next !== 'signal';
  const found: CycleDocument[] = [];
  for (let after = KEYS.cycle(isAsked ? cycle + 1 : cycle); found.length < CONFIGURE_BOUNDS.cycles; ) {
    const page = await ledger.documents(stream, { prefix: KEYS.cyclePrefix, after, reverse: true, limit: PAGE });
    found.push(...page.map(({ value }) => value as unknown as CycleDocument));
    if (page.length < PAGE) break;
    after = page[page.length - 1].key;
  }
  return found.slice(0, CONFIGURE_BOUNDS.cycles).reverse();
}

function assertPlaces(account: AccountConfiguration, before: Applied, now: Applied): void {
  const gone = before.strategies.find(({ id }, k) => now.strategies[k]?.id !== id);
  if (!gone) return;
  throw new PlimsollError(
    'CONFIGURATION_CHANGED',
    `the strategy "${gone.id}" of the account "${account.id}" is gone, or stands in another place than before`,
    'put it back there (`plimsoll op strategies.pause` stops it), add new ones at the end, or give the account another id',
    { kept: 'its ledger is untouched' },
  );
}

const appliedNow = ({ definition }: Engine): Applied => ({
  configurationHash: definition.configurationHash,
  strategies: definition.strategies.map((running) => ({ id: running.id, contentHash: hashOf(registration(running)) })),
});

/** From the document of the last change, or else from the stream's first events. */
async function appliedBefore(ledger: LedgerPort, stream: string): Promise<Applied> {
  const document = await ledger.document(stream, KEYS.configuration);
  if (document) return document.value as unknown as Applied;
  const strategies: Applied['strategies'][number][] = [];
  for (let after = 0; ; ) {
    const commits = await ledger.read(stream, after, 1);
    for (const event of commits.flatMap(({ events }) => events as unknown as LedgerEvent[])) {
      const body = event.body as Record<string, Json>;
      if (event.kind === 'StrategyRegistered') strategies.push({ id: String(body.id), contentHash: hashOf(body) });
      if (event.kind === 'ConfigurationApplied')
        return { configurationHash: String(body.configurationHash), strategies };
    }
    if (commits.length === 0)
      throw new PlimsollError(
        'ACCOUNT_NOT_OPEN',
        `the account ${stream} has no ledger yet`,
        'start the platform once so that its first cycle opens it',
      );
    after = commits[0].number;
  }
}

/** What makes a strategy's checkpoint its own; the allocation does not. */
const hashOf = (registered: Record<string, Json>): string => {
  const { name, params, codeHash, instruments, timeframe } = registered;
  return contentHash({ name, params, codeHash, instruments, timeframe });
};

const registration = (running: RunningStrategy): Record<string, Json> => ({
  id: running.id,
  name: running.definition.name,
  params: plain(running.params),
  codeHash: running.codeHash,
  instruments: [...running.instruments],
  timeframe: running.timeframe,
  allocation: running.allocation,
});

/** Without members that are undefined. */
const plain = (value: object): Json => JSON.parse(JSON.stringify(value));
