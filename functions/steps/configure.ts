/** A configuration that has changed since an account last ran: taken over in one commit, with the strategies moved to where they would be. */
import { streamOf, universeOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import { recordDocument } from '../../core/engine/bookkeeping.ts';
import { Engine, type EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { DocumentWrite } from '../../core/ports/ledger.ts';
import { thresholdsOf } from '../../core/risk/limit-changes.ts';
import type { LimitsEvent } from '../../core/risk/limits-in-force.ts';
import { registration } from '../../core/strategies/registration.ts';
import { type Cursor, KEYS, type LoadedAccount, loadAccount } from './account-state.ts';
import { type AppliedBefore, appliedBefore } from './applied-before.ts';
import { applyTotals } from './budgets.ts';
import { commitEngine } from './commit-engine.ts';
import { asListed, definitionFor, inForce } from './engines.ts';
import { heldBack, limitsTakenOver, namedBy } from './limits.ts';
import { checkpointsAfter, cyclesBehind } from './move-strategies.ts';
import type { StepPorts } from './ports.ts';
import { type Applied, appliedOf, digestOf, plain } from './runs-under.ts';

const MAX_CONFLICTS = 20;

/**
 * Takes over what the configuration or a strategy's file says now: limits, parameters, code, strategies that were added at the
 * end of the list. Says what changed, in a few words; empty where nothing did, which costs one read. Throws
 * `CONFIGURATION_CHANGED` for what an account cannot change: its universe, and strategies that are gone or stand in another place,
 * since their positions are kept.
 */
export async function applyConfiguration(ports: StepPorts, account: AccountConfiguration): Promise<string[]> {
  const stream = streamOf(ports.configuration, account);
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const loaded = await loadAccount(ports.ledger, stream);
    const applied = await takeOver(ports, account, stream, loaded);
    if (applied) return applied;
  }
  throw new PlimsollError(
    'ACCOUNT_CONTENDED',
    `the changed configuration of ${stream} met other writers`,
    'try again',
    { kept: 'nothing was changed' },
  );
}

/** What changed; undefined where another writer came first. */
async function takeOver(
  ports: StepPorts,
  account: AccountConfiguration,
  stream: string,
  { state, version }: LoadedAccount,
): Promise<string[] | undefined> {
  const definition = await definitionFor(ports, stream);
  if (state.runsUnder === digestOf(definition)) return [];
  await applyTotals(ports);
  await assertUniverse(ports, account, definition);
  const before = await appliedBefore(ports.ledger, stream);
  const now = appliedOf(definition);
  assertPlaces(account, before, now);
  const proposed = limitsTakenOver(account, state.engine, before, definition);
  const limits = proposed?.limits ?? state.engine.limits;
  const engine = new Engine(inForce(asListed(definition, state.engine), limits));
  engine.restore({ ...state.engine, ...(limits ? { limits } : {}) });
  engine.proposals = [...state.proposals];
  const changed = now.strategies.map((strategy, k) => before.strategies[k]?.contentHash !== strategy.contentHash);
  const isSame = before.configurationHash === now.configurationHash && !changed.includes(true);
  const events = proposed?.events ?? [];
  const document = { ...now, thresholds: thresholdsOf(definition), ...namedBy(account) };
  const documents = isSame ? [] : await take(ports, engine, { before, document, events }, state.cursor, changed);
  const write = { version, cursor: state.cursor, verdicts: state.verdicts, runsUnder: digestOf(definition) };
  if (!(await commitEngine(ports, engine, write, documents))) return undefined;
  if (isSame) return [];
  const names = now.strategies.filter((_, k) => changed[k]).map(({ id }) => id);
  return [...(names.length > 0 ? names : ['limits or costs']), ...heldBack(limits?.held)];
}

interface Taken {
  readonly before: AppliedBefore;
  /** What is kept of it for the next change. */
  readonly document: AppliedBefore;
  /** What becomes of the limits. */
  readonly events: readonly LimitsEvent[];
}

/** Records the change and lets the engine go on under it; the documents that go with it. */
async function take(
  ports: StepPorts,
  engine: Engine,
  { before, document, events }: Taken,
  cursor: Cursor,
  changed: readonly boolean[],
): Promise<DocumentWrite[]> {
  const { definition, runners, watch } = engine;
  runners.forEach((_, k) => {
    engine.paused[k] ??= false;
  });
  runners.slice(before.strategies.length).forEach(({ running, index }) => {
    recordDocument(engine, 'StrategyRegistered', { index, ...registration(running) });
  });
  for (const { kind, body } of events) recordDocument(engine, kind, body);
  recordDocument(engine, 'ConfigurationApplied', {
    configurationHash: definition.configurationHash,
    limits: plain(definition.limits),
    execution: plain(definition.execution),
    ...(definition.sizing ? { sizing: plain(definition.sizing) } : {}),
    ...(definition.budgets ? { budgets: [...definition.budgets] } : {}),
    strategies: runners.map(({ running }) => registration(running)),
  });
  if (watch.peak > 0) watch.setPeak(watch.peak);
  return [
    { key: KEYS.configuration, value: plain(document), expectedVersion: 'any' },
    ...(await movedCheckpoints(ports, engine, cursor, changed)),
  ];
}

/** The checkpoints of new and changed strategies, from the bars of the cycles that are behind. */
async function movedCheckpoints(
  ports: StepPorts,
  { definition: { stream }, runners }: Engine,
  cursor: Cursor,
  changed: readonly boolean[],
): Promise<DocumentWrite[]> {
  const anew = new Map(runners.filter((_, k) => changed[k]).map(({ index }) => [index, null]));
  if (anew.size === 0) return [];
  const moved = await checkpointsAfter(ports, stream, anew, await cyclesBehind(ports.ledger, stream, cursor));
  return [...moved].map(([index, checkpoint]) => ({
    key: KEYS.checkpoint(runners[index].running.id),
    value: { cycle: cursor.cycle, checkpoint },
    expectedVersion: 'any',
  }));
}

/** An account's instruments are for ever: their decimals are those of every figure in its ledger. */
async function assertUniverse(
  { ledger, configuration }: StepPorts,
  account: AccountConfiguration,
  { stream, instruments }: EngineDefinition,
): Promise<void> {
  const [first] = await ledger.read(stream, 0, 1);
  const { timeframe } = (first?.events[0] as { body?: { timeframe?: string } } | undefined)?.body ?? {};
  const now = universeOf(configuration, account);
  const before = `${instruments.map(({ symbol }) => symbol).join(', ')} in ${timeframe} bars`;
  const wanted = `${now.symbols.join(', ')} in ${now.timeframe} bars`;
  if (before === wanted) return;
  throw new PlimsollError(
    'CONFIGURATION_CHANGED',
    `the account ${stream} trades ${before}, and the configuration now says ${wanted}`,
    `restore its universe, or give the account "${account.id}" another id, under which a new one begins`,
    { kept: 'its ledger is untouched' },
  );
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
