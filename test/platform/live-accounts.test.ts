/** Live accounts of a process: what their venue tells by itself reaches the ledger, and who looks is told where it cannot. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VenueHint } from '../../core/ports/execution-venue.ts';
import { noteStreamAway, streamAway } from '../../functions/steps/stream-away.ts';
import show from '../../operations/live/show.ts';
import type { LedgerContext } from '../../operations/operation.ts';
import { LISTENING_BOUNDS } from '../../platform/listening.ts';
import { LiveAccounts } from '../../platform/live-accounts.ts';
import { PlatformLog } from '../../platform/log.ts';
import { Desk, STREAM } from '../functions/steps/live/desk.ts';

let desk: Desk;
let lines: string[];
let directory: string;
let failures: unknown[];
let tell: ((hint: VenueHint) => void) | undefined;
let accounts: LiveAccounts;
let later: number;
let idle: Promise<void>;

beforeEach(async () => {
  [lines, failures, later, idle, tell] = [[], [], 0, Promise.resolve(), undefined];
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-live-accounts-'));
  desk = new Desk({
    random: () => 0.9,
    script: (context, strategy, at) =>
      strategy === 0 && context.symbol === 'A/USD' && at === 2
        ? context.order({ side: 'buy', type: 'limit', quantity: 1, price: 95, reason: 'rests' })
        : undefined,
  });
  await desk.open();
  await desk.run([10_000, 20_000]);
  await desk.arm();
  await desk.run([10_000, 20_000]);
  Object.assign(desk.venue, {
    watch: (_instruments: unknown, onHint: (hint: VenueHint) => void) => {
      tell = onHint;
      return { close: async () => void (tell = undefined) };
    },
  });
  Object.assign(desk.ports, { now: () => desk.venue.now + later });
  accounts = started();
  await accounts.start();
  tell!({ kind: 'connected' });
});
afterEach(async () => {
  await accounts.stop();
  expect(tell).toBeUndefined();
  expect(failures).toEqual([]);
  rmSync(directory, { recursive: true });
});

const started = (): LiveAccounts =>
  new LiveAccounts({
    ports: desk.ports,
    log: new PlatformLog(directory, (line) => lines.push(line), desk.ports.now),
    whenIdle: () => idle,
    announce: async () => undefined,
    onFailure: (error) => failures.push(error),
    sleep: async () => undefined,
  });

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
};
const shown = () => show({ steps: desk.ports } as LedgerContext, { account: 'live' });
const fills = (): number => desk.of('OrderFilledAtVenue').length;
const fill = (): void => desk.venue.move(desk.venue.now + 1_000, new Map([[desk.instruments[0], 9_000]]));

describe('what a venue tells by itself', () => {
  test('brings a fill into the ledger', async () => {
    fill();
    tell!({ kind: 'changed', what: 'order' });
    await until(() => fills() === 1);
    await until(async () => (await shown()).lastReconcile?.on === 'hint');
    expect(lines).toEqual([expect.stringMatching(/reconciled with its venue at the start/)]);
  });

  test('waits for what is under way', async () => {
    let free = (): void => undefined;
    idle = new Promise((resolve) => {
      free = resolve;
    });
    fill();
    tell!({ kind: 'changed', what: 'order' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fills()).toBe(0);
    free();
    await until(() => fills() === 1);
  });
});

describe('a stream that is away', () => {
  test('is told once it was for a while, is shown, and stops nothing', async () => {
    tell!({ kind: 'disconnected', reason: 'it was cut' });
    const since = desk.ports.now();
    later += LISTENING_BOUNDS.tellAfterMs;
    await until(() => lines.some((line) => /"live" has not been listened to since .* \(it was cut\)/.test(line)));
    await until(async () => (await shown()).streamAway !== null);
    expect(await shown()).toMatchObject({
      streamAway: { since, reason: 'it was cut' },
      reconciled: true,
      tradingState: 'Active',
      alerts: [],
    });
    await desk.run([10_000, 20_000]);
    expect(await shown()).toMatchObject({ reconciled: true, lastReconcile: { on: 'cycle' } });

    tell!({ kind: 'connected' });
    await until(async () => (await shown()).streamAway === null);
    expect(lines.at(-1)).toMatch(/"live" is listened to again/);
  });

  test('of a process that was killed is forgotten by the next, and nothing is kept of one before its account is open', async () => {
    await accounts.stop();
    await noteStreamAway(desk.ledger, STREAM, { since: 1, reason: 'it was cut' });
    accounts = started();
    await accounts.start();
    expect(await streamAway(desk.ledger, STREAM)).toBeUndefined();
    const empty = new Desk({ script: () => undefined });
    await noteStreamAway(empty.ledger, STREAM, { since: 1, reason: 'it was cut' });
    expect(await streamAway(empty.ledger, STREAM)).toBeUndefined();
  });
});
