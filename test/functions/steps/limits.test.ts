/** Limits that a configuration changes: taken over on either runtime by the same step, on SQLite and in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Embedded, openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { type Configuration, configurationSchema } from '../../../core/configuration/schema.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { verifyLedger } from '../../../core/ledger/verify.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import type { LedgerPort } from '../../../core/ports/ledger.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import { KEYS, loadAccount } from '../../../functions/steps/account-state.ts';
import type { CommandOrigin } from '../../../functions/steps/commands.ts';
import { applyConfiguration } from '../../../functions/steps/configure.ts';
import { engineOf } from '../../../functions/steps/engines.ts';
import { approve, changeLimits, reject } from '../../../functions/steps/limits.ts';
import type { StepPorts } from '../../../functions/steps/ports.ts';
import { withDeadline } from '../../../functions/support/deadline.ts';
import { definitionInLedger } from '../../../platform/ledger-definition.ts';
import { eventsOf, runLive } from '../../../platform/live-run.ts';
import { MemoryLedger } from './live/memory-ledger.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 4, 1);
const STREAM = 'local/paper';
const registry = await loadStrategies(import.meta.dirname);

interface Change {
  readonly limits: LimitsInput;
  readonly allocation?: number;
  readonly limitsChange?: { readonly by: string; readonly reason: string };
  /** Of the strategy: another change than one of limits. */
  readonly slow?: number;
}

const configured = ({ limits, allocation = 0.5, slow = 8, ...rest }: Change): Configuration =>
  configurationSchema.parse({
    venues: { sim: { kind: 'simulated' } },
    universes: { one: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1m' } },
    accounts: [
      {
        id: 'paper',
        universe: 'one',
        strategies: [{ strategy: 'sma-cross', params: { fast: 3, slow }, allocation }],
        limits,
        ...rest,
      },
    ],
  });

let folder: string;
let embedded: Embedded;
let ports: StepPorts;
let minutes: number;
let keys: number;

const begin = (ledger: LedgerPort): void => {
  minutes = 0;
  keys = 0;
  ports = {
    ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration: configured({ limits: {} }),
    registry,
    now: () => START,
    withDeadline,
  };
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-limits-'));
  embedded = openEmbedded({ directory: folder });
});

afterEach(async () => {
  const commits = await ports.ledger.read(STREAM, 0, 1_000);
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });
  expect(verifyLedger(commits)).toMatchObject({ holds: true });
});

/** A restart, or a deployment, with another file. */
const restart = (change: Change): Promise<string[]> => {
  ports = { ...ports, configuration: configured(change) };
  return applyConfiguration(ports, ports.configuration.accounts[0]);
};

async function run(more: number): Promise<void> {
  minutes += more;
  const venue = new SimulatedVenue({ venue: 'sim', seed: '7', now: () => START + 10_000 * MINUTE });
  const columns = venue.columns('BTC/USDT', '1m', START, START + minutes * MINUTE, minutes);
  await runLive({
    ports,
    queue: embedded.queue,
    account: ports.configuration.accounts[0],
    instruments: await venue.instruments(['BTC/USDT']),
    provenance: 'simulated',
    bars: new Map<string, BarColumns>([['BTC/USDT', columns]]),
    timeframe: '1m',
  });
}

const events = (): Promise<LedgerEvent[]> => Array.fromAsync(eventsOf(ports.ledger, STREAM));
const limitsEvents = async (): Promise<object[]> =>
  (await events())
    .filter(({ kind }) => kind.startsWith('Limits'))
    .map(({ kind, body }) => ({ kind, ...(body as object) }));
const state = async () => (await loadAccount(ports.ledger, STREAM)).state.engine.limits;
/** Notional that entries of a stretch of minutes asked for at most, in money. */
async function largestEntry(more: number): Promise<number> {
  const before = (await events()).length;
  await run(more);
  const made = (await events()).slice(before);
  const entries = made.filter(({ kind, side }) => kind === 'OrderInitialized' && side === 'buy');
  expect(entries.length).toBeGreaterThan(0);
  return Math.max(...entries.map(({ budget }) => Number(budget))) / 1e8;
}
const origin = (id: string): CommandOrigin => ({
  principal: { id, name: id, roles: ['admin'] },
  idempotencyKey: `k${++keys}`,
});
const anyone = (): void => undefined;

describe.each([
  ['SQLite', () => embedded.ledger as LedgerPort],
  ['memory', () => new MemoryLedger() as LedgerPort],
])('limits that a file changes, on %s', (_name, ledgerOf) => {
  beforeEach(async () => {
    begin(ledgerOf());
    ports = { ...ports, configuration: configured({ limits: { maxOrderNotional: 1_000 } }) };
    await run(40);
  });

  it('need no approval at the opening', async () => {
    expect(await limitsEvents()).toEqual([]);
    expect(await state()).toBeUndefined();
  });

  it('hold at once where they tighten, and name who and why', async () => {
    const limitsChange = { by: 'ada', reason: 'a quieter month' };
    await restart({ limits: { maxOrderNotional: 400, maxDrawdown: 0.2 }, limitsChange });
    expect(await limitsEvents()).toMatchObject([
      {
        kind: 'LimitsApplied',
        version: 1,
        source: 'configuration',
        by: { name: 'ada' },
        reason: 'a quieter month',
        changes: [
          { limit: 'maxOrderNotional', from: 1_000, to: 400, effect: 'tightens' },
          { limit: 'maxDrawdown', from: null, to: 0.2, effect: 'tightens' },
        ],
      },
    ]);
    expect((await state())?.held).toBeUndefined();
    expect(await largestEntry(60)).toBe(400);
  });

  it('are held back where they loosen, over restarts too, while the account trades under the tighter of both', async () => {
    const told = await restart({ limits: { maxOrderNotional: 3_000, maxGrossExposure: 0.9 }, allocation: 0.8 });
    expect(told.join()).toMatch(
      /held back until it is approved \(version 1\): maxOrderNotional 1000 → 3000, allocation/,
    );
    expect(await limitsEvents()).toMatchObject([
      { kind: 'LimitsApplied', version: 1, changes: [{ limit: 'maxGrossExposure', to: 0.9 }] },
      {
        kind: 'LimitsHeld',
        version: 1,
        by: { name: '' },
        changes: [{ to: 3_000 }, { limit: 'allocation of sma-cross', to: 0.8 }],
      },
    ]);
    expect(await largestEntry(60)).toBe(1_000);
    expect(await restart({ limits: { maxOrderNotional: 3_000, maxGrossExposure: 0.9 }, allocation: 0.8 })).toEqual([]);
    expect(await largestEntry(60)).toBe(1_000);
    const last = (await events()).findLast(({ kind }) => kind === 'ConfigurationApplied')!;
    expect(last.body).toMatchObject({
      limits: { maxOrderNotional: 1_000, maxGrossExposure: 0.9 },
      strategies: [{ allocation: 0.5 }],
    });
  });

  it('hold once they are approved, and no decision before is made again under them', async () => {
    await restart({ limits: { maxOrderNotional: 3_000 } });
    await run(60);
    const { length: before } = await events();
    expect(await approve(ports, STREAM, 1, anyone, 'seen', origin('bo'))).toMatchObject({
      version: 1,
      applied: [{ to: 3_000 }],
      held: [],
    });
    expect(await largestEntry(60)).toBe(3_000);
    const limitAt = async (sequence: number) =>
      (await definitionInLedger(ports.ledger, STREAM, sequence, { registry })).limits.maxOrderNotional;
    expect([await limitAt(before), await limitAt(before + 1)]).toEqual([1_000, 3_000]);
    expect(await restart({ limits: { maxOrderNotional: 3_000 }, slow: 9 })).toEqual(['sma-cross']);
    expect((await state())?.thresholds.limits.maxOrderNotional).toBe(3_000);
  });

  it('stay as they were once they are rejected, and are not asked for again by the same file', async () => {
    await restart({ limits: { maxOrderNotional: 3_000 } });
    await reject(ports, STREAM, 1, 'too much', origin('bo'));
    expect(await restart({ limits: { maxOrderNotional: 3_000 }, slow: 9 })).toEqual(['sma-cross']);
    expect((await state())?.held).toBeUndefined();
    expect(await largestEntry(60)).toBe(1_000);
    await expect(approve(ports, STREAM, 1, anyone, 'late', origin('bo'))).rejects.toMatchObject({
      code: 'LIMITS_NOT_WAITING',
    });
  });

  it('take the place of those that wait, or withdraw them', async () => {
    await restart({ limits: { maxOrderNotional: 3_000 } });
    await restart({ limits: { maxOrderNotional: 2_000 } });
    await restart({ limits: { maxOrderNotional: 1_000 } });
    const loosens = (to: number) => [{ limit: 'maxOrderNotional', from: 1_000, to, effect: 'loosens' }];
    expect(await limitsEvents()).toMatchObject([
      { kind: 'LimitsHeld', version: 1, changes: loosens(3_000) },
      { kind: 'LimitsDropped', version: 1, outcome: 'superseded', changes: loosens(3_000) },
      { kind: 'LimitsHeld', version: 2, changes: loosens(2_000) },
      { kind: 'LimitsDropped', version: 2, outcome: 'withdrawn', changes: loosens(2_000) },
    ]);
    expect(await state()).toMatchObject({ version: 2, thresholds: { limits: { maxOrderNotional: 1_000 } } });
  });

  it('do not slip through where the document of the last change is an older release’s, without limits', async () => {
    await restart({ limits: { maxOrderNotional: 500 } });
    const document = (await ports.ledger.document(STREAM, KEYS.configuration))!;
    const { thresholds: _, ...older } = document.value as Record<string, never>;
    const expected = await ports.ledger.head(STREAM);
    const documents = [{ key: KEYS.configuration, value: older, expectedVersion: 'any' as const }];
    await ports.ledger.commit({ stream: STREAM, expected, events: [], hash: '', documents, guards: [] });
    expect((await restart({ limits: { maxOrderNotional: 700 } })).join()).toContain('maxOrderNotional 500 → 700');
  });

  it('are never worked with by an engine that has others', async () => {
    await restart({ limits: { maxOrderNotional: 3_000 } });
    const { state: account } = await loadAccount(ports.ledger, STREAM);
    const loose = await engineOf(ports, STREAM);
    expect(loose.definition.limits.maxOrderNotional).toBe(3_000);
    expect(() => loose.restore(account.engine)).toThrow(/another maxOrderNotional/);
    const engine = await engineOf(ports, STREAM, account.engine);
    engine.restore(account.engine);
    expect(engine.definition.limits.maxOrderNotional).toBe(1_000);
    expect(engine.snapshot()).toEqual(account.engine);
  });

  it('count as asked for by nobody where the file names an earlier change', async () => {
    const limitsChange = { by: 'ada', reason: 'a quieter month' };
    await restart({ limits: { maxOrderNotional: 400 }, limitsChange });
    await restart({ limits: { maxOrderNotional: 4_000 }, limitsChange });
    expect((await state())?.held).toMatchObject({ version: 2, by: { name: '' }, reason: '' });
  });

  it('do not change in the middle of a cycle, nor under a file that is not taken over yet', async () => {
    await restart({ limits: { maxOrderNotional: 3_000 } });
    ports = { ...ports, configuration: configured({ limits: { maxOrderNotional: 9_000 } }) };
    await expect(approve(ports, STREAM, 1, anyone, 'seen', origin('bo'))).rejects.toMatchObject({
      code: 'CONFIGURATION_NOT_IN_FORCE',
    });
    const raised = changeLimits(ports, STREAM, (now) => now, 'none', origin('bo'));
    await expect(raised).rejects.toMatchObject({ code: 'CONFIGURATION_NOT_IN_FORCE' });
    ports = { ...ports, configuration: configured({ limits: { maxOrderNotional: 3_000 } }) };
    const document = (await ports.ledger.document(STREAM, KEYS.account))!;
    const account = document.value as { cursor: { next: string } };
    const expected = await ports.ledger.head(STREAM);
    const halfway = { ...account, cursor: { ...account.cursor, next: 'risk' } };
    const documents = [{ key: KEYS.account, value: halfway, expectedVersion: document.version }];
    await ports.ledger.commit({ stream: STREAM, expected, events: [], hash: '', documents, guards: [] });
    await expect(approve(ports, STREAM, 1, anyone, 'seen', origin('bo'))).rejects.toMatchObject({
      code: 'CYCLE_IN_WORK',
    });
    expect((await state())?.held?.version).toBe(1);
  });
});
