/** A cycle that fails every time becomes a recorded gap, and the account goes on from there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Embedded, openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { drain } from '../../../adapters/embedded/worker.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import type { Json } from '../../../core/json.ts';
import { fold } from '../../../core/ledger/fold.ts';
import { verifyLedger } from '../../../core/ledger/verify.ts';
import type { DocumentWrite } from '../../../core/ports/ledger.ts';
import { QUEUE_BOUNDS, QUEUES, type QueueName, type ReceivedMessage } from '../../../core/ports/queue.ts';
import { sma, strategy, z } from '../../../core/strategies/index.ts';
import type { StrategyRegistry } from '../../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { KEYS, type Step, type VerdictsDocument } from '../../../functions/steps/account-state.ts';
import { noteFailure, type RecordedGap, recordGap, STEP_OF } from '../../../functions/steps/gap.ts';
import { openAccount, openCycles, resume } from '../../../functions/steps/ingest.ts';
import type { CycleMessage, StepPorts } from '../../../functions/steps/ports.ts';
import { recordDeadLetters } from '../../../platform/dead-letters.ts';
import { cyclesOf, eventsOf, stepHandlers } from '../../../platform/live-run.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 1, 3, 12);
const STREAM = 'local/paper';
/** The cycle that fails, of those that are opened. */
const BAD = 5;
const CYCLES = 10;
const at = (index: number): number => T0 + (index + 1) * MINUTE;

/** Turns its position over at every bar. */
const turns = strategy({
  name: 'turns',
  params: z.object({}),
  indicators: () => ({ average: sma(2) }),
  onBar: ({ position, target }) => target(position.isLong ? 0 : 0.5, 'it turns'),
});
/** Has a memory that no bar can give back. */
const counts = strategy({
  name: 'counts',
  params: z.object({}),
  indicators: () => ({ average: sma(2) }),
  state: () => ({ seen: 0 }),
  onBar({ state }) {
    state.seen++;
  },
});
const registry: StrategyRegistry = new Map(
  ([turns, counts] as AnyStrategy[]).map((definition) => [
    definition.name,
    { definition, codeHash: '00'.repeat(32), origin: 'test' },
  ]),
);
const configuration = configurationSchema.parse({
  venues: { sim: { kind: 'simulated' } },
  universes: { one: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1m' } },
  accounts: [
    {
      id: 'paper',
      universe: 'one',
      strategies: [
        { strategy: 'turns', allocation: 0.5 },
        { strategy: 'counts', allocation: 0.5 },
      ],
    },
  ],
});
const [account] = configuration.accounts;

let directory: string;
let embedded: Embedded;
let ports: StepPorts;
let now: number;
let gaps: RecordedGap[];

beforeEach(async () => {
  now = T0;
  gaps = [];
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-gap-'));
  embedded = openEmbedded({ directory, now: () => now });
  ports = {
    ledger: embedded.ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration,
    registry,
    now: () => now,
    withDeadline: (_timeoutMs, _what, work) => work(),
  };
  const venue = new SimulatedVenue({ now: () => T0 + 1e9, seed: '7' });
  const bars = new Map([['BTC/USDT', venue.columns('BTC/USDT', '1m', T0, T0 + CYCLES * MINUTE, CYCLES)]]);
  await openAccount(ports, account, await venue.instruments(['BTC/USDT']), 'simulated', at(0));
  await openCycles(ports, account, [...cyclesOf(bars, MINUTE)]);
});

afterEach(async () => {
  await embedded.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('a step that fails every time', () => {
  it.each<[Step, string]>([
    ['reconcile', 'no signal, risk or execute'],
    ['signal', 'no proposals'],
    ['risk', 'proposals that are dropped'],
    ['execute', 'intents that are canceled'],
  ])(
    '%s: is tried as often as the queue allows, recorded with its error, and leaves %s; the next cycle settles',
    async (step) => {
      await run(failing(step, at(BAD)));

      expect(gaps).toHaveLength(1);
      expect(gaps[0]).toMatchObject({
        cycle: at(BAD),
        step,
        error: `${step} broke`,
        attempts: QUEUE_BOUNDS.maxReceives,
      });
      const [recorded] = (await events()).filter(({ kind }) => kind === 'CycleFailed');
      expect(recorded).toMatchObject({
        cycle: at(BAD),
        body: { cycle: at(BAD), step, error: `${step} broke`, attempts: 3 },
      });
      const shown = await document<VerdictsDocument>(KEYS.verdicts(at(BAD)));
      expect(shown.gap).toEqual({ step, error: `${step} broke`, attempts: 3 });
      expect(shown.verdicts.at(-1)).toMatchObject({ step, verdict: expect.stringMatching(/^gap: .* failed 3 times/) });
      expect(await cursor()).toEqual({ cycle: at(CYCLES - 1), next: 'settled' });
      expect(await decidedIn(BAD + 1)).toBe(true);
      await expectSoundLedger();
      expect(await embedded.queue.deadLetters(step, 10)).toEqual([]);
    },
  );

  it('sends nothing of the failed cycle late: its intents end in it', async () => {
    await run(failing('execute', at(BAD)));

    const all = await events();
    const intents = all.filter(({ kind, cycle }) => kind === 'OrderInitialized' && cycle === at(BAD));
    expect(intents).toHaveLength(1);
    expect(gaps[0].canceled).toBe(1);
    const fate = all.filter(({ order }) => order === intents[0].order).map(({ kind, cycle }) => [kind, cycle]);
    expect(fate).toEqual([
      ['OrderInitialized', at(BAD)],
      ['OrderCanceled', at(BAD)],
    ]);
  });

  it('does not take the target that was not reached for one that stands', async () => {
    const targetOf = async (): Promise<unknown> =>
      (
        await document<{ engine: { positions: { slot: number; target: unknown }[] } }>(KEYS.account)
      ).engine.positions.find(({ slot }) => slot === 0)?.target ?? NONE;
    await run(async () => undefined, BAD);
    expect(await targetOf()).toEqual(expect.any(Number));
    await run(failing('execute', at(BAD)), BAD + 1);
    expect(await targetOf()).toEqual(NONE);
  });

  it('leaves working orders to the bars of the next cycle', async () => {
    await run(failing('reconcile', at(BAD)));

    const filled = (await events()).filter(({ kind }) => kind === 'OrderFilled').map(({ cycle }) => cycle);
    expect(filled).not.toContain(at(BAD));
    expect(filled).toContain(at(BAD + 1));
  });

  it.each(['reconcile', 'signal'] as const)('%s: the strategies have seen the bars all the same', async (step) => {
    const undisturbed = await checkpointsOf(async () => undefined);
    const disturbed = await checkpointsOf(failing(step, at(BAD)));
    expect(disturbed.turns).toEqual(undisturbed.turns);
    expect((disturbed.counts as { seen: number }[])[0].seen).toBe(
      (undisturbed.counts as { seen: number }[])[0].seen - 1,
    );
  });
});

describe('what a strategy remembered', () => {
  it('is rebuilt from the bars where it can be; a strategy whose memory is lost is paused with the reason', async () => {
    await run(async () => undefined, BAD);
    for (const id of ['turns', 'counts'])
      await damage(KEYS.checkpoint(id), { cycle: 0, checkpoint: { contexts: 'none' } });
    await run(async () => undefined);

    expect(gaps).toMatchObject([{ step: 'signal', rebuilt: ['turns'], paused: ['counts'] }]);
    const paused = (await events()).filter(({ kind }) => kind === 'StrategyPaused');
    expect(paused).toMatchObject([{ strategy: 1, paused: true, cycle: gaps[0].cycle }]);
    expect(await cursor()).toEqual({ cycle: at(CYCLES - 1), next: 'settled' });
    expect(await decidedIn(CYCLES - 1)).toBe(true);
    await expectSoundLedger();
  });

  it('stays behind bars that cannot be read, and nobody is paused for them', async () => {
    const cycle = await document<Record<string, Json>>(KEYS.cycle(at(BAD)));
    await damage(KEYS.cycle(at(BAD)), { ...cycle, bars: { 'BTC/USDT': 17 } });
    await run(async () => undefined);

    expect(gaps).toMatchObject([{ step: 'reconcile', behind: ['turns', 'counts'], rebuilt: [], paused: [] }]);
    expect(await cursor()).toEqual({ cycle: at(CYCLES - 1), next: 'settled' });
    await expectSoundLedger();
  });
});

describe('a dead letter', () => {
  it('of a step that was done after all records nothing', async () => {
    await run(async () => undefined);
    const head = await embedded.ledger.head(STREAM);
    for (const step of ['reconcile', 'signal', 'risk', 'execute'] as const)
      expect(await recordGap(ports, step, { stream: STREAM, cycle: at(BAD) })).toBeUndefined();
    expect(await embedded.ledger.head(STREAM)).toEqual(head);
  });

  it('of a cycle that is not the next one records nothing, so that none is passed over', async () => {
    expect(await recordGap(ports, 'reconcile', { stream: STREAM, cycle: at(2) })).toBeUndefined();
    expect(await cursor()).toMatchObject({ next: 'settled', cycle: at(0) - 1 });
  });

  it('is recorded once by two who take it at the same time', async () => {
    await run(failing('risk', at(BAD)), BAD + 1, false);
    const message = { stream: STREAM, cycle: at(BAD) };
    const [one, other] = await Promise.all([recordGap(ports, 'risk', message), recordGap(ports, 'risk', message)]);
    expect([one, other].filter((gap) => gap !== undefined)).toHaveLength(1);
    expect((await events()).filter(({ kind }) => kind === 'CycleFailed')).toHaveLength(1);
  });

  it('of a step that left no error says so', async () => {
    const gap = await (async () => {
      await resume(ports, STREAM);
      return recordGap(ports, 'reconcile', { stream: STREAM, cycle: at(0) });
    })();
    expect(gap).toMatchObject({
      attempts: QUEUE_BOUNDS.maxReceives,
      error: expect.stringMatching(/left no error behind/),
    });
  });

  it('that names no cycle, or nobody’s account, stays for people', async () => {
    for (const body of [
      { stream: STREAM, cycle: 'tomorrow' },
      { stream: 'local/nobody', cycle: at(0) },
    ])
      await embedded.queue.send('risk', { id: JSON.stringify(body), group: 'g', body });
    await run(async (_queue, { id }) => {
      if (id.startsWith('{')) throw new Error('not ours');
    });
    expect(await embedded.queue.deadLetters('risk', 10)).toHaveLength(2);
    expect(gaps).toEqual([]);
  });
});

/** As a checkpoint keeps NaN. */
const NONE = { $: 'NaN' };

type Before = (queue: QueueName, message: ReceivedMessage) => Promise<void>;

const failing =
  (step: Step, cycle: number): Before =>
  async (queue, { body }) => {
    if (STEP_OF[queue] === step && (body as unknown as CycleMessage).cycle === cycle) throw new Error(`${step} broke`);
  };

/** Works until nothing waits any more: what failed comes again, or is given up. */
async function run(before: Before, cycles = CYCLES, isRecording = true): Promise<void> {
  const handlers = stepHandlers(ports);
  const handle = (queue: QueueName) => async (message: ReceivedMessage) => {
    const body = message.body as unknown as CycleMessage;
    if (body.cycle >= at(cycles)) return;
    try {
      await before(queue, message);
      await handlers[queue](message);
    } catch (error) {
      await noteFailure(ports, body, STEP_OF[queue], message.receives, error);
      throw error;
    }
  };
  await resume(ports, STREAM);
  for (let round = 0; round < 10; round++) {
    await drain({
      queue: embedded.queue,
      queues: QUEUES,
      handlers: Object.fromEntries(QUEUES.map((queue) => [queue, handle(queue)])) as never,
      onFailure: () => undefined,
    });
    const onFailure = (error: unknown): void => {
      throw error;
    };
    if (isRecording)
      await recordDeadLetters({ ports, queue: embedded.queue, onGap: (gap) => gaps.push(gap), onFailure });
    now += MINUTE;
  }
}

/** The indicators of the one and the memory of the other, after all cycles on a ledger of its own. */
async function checkpointsOf(before: Before): Promise<Record<string, unknown>> {
  const fresh = mkdtempSync(join(tmpdir(), 'plimsoll-gap-'));
  const [kept, own] = [embedded, openEmbedded({ directory: fresh, now: () => now })];
  try {
    const documents = await kept.ledger.documents(STREAM, { prefix: KEYS.cyclePrefix, limit: 100 });
    const keptPorts = ports;
    ports = { ...ports, ledger: own.ledger, send: (queue, message) => own.queue.send(queue, message) };
    embedded = own;
    const opening = await kept.ledger.document(STREAM, KEYS.opening);
    const { instruments } = opening!.value as unknown as { instruments: never[] };
    await openAccount(ports, account, instruments, 'simulated', at(0));
    await write(documents.map(({ key, value }) => ({ key, value, expectedVersion: 0 })));
    await run(before);
    ports = keptPorts;
    const of = async (id: string) =>
      ((await own.ledger.document(STREAM, KEYS.checkpoint(id)))!.value as never as { checkpoint: Checkpoint })
        .checkpoint;
    return {
      turns: (await of('turns')).contexts.map(({ tracks }) => tracks),
      counts: (await of('counts')).contexts.map(({ state }) => state),
    };
  } finally {
    embedded = kept;
    await own.close();
    rmSync(fresh, { recursive: true, force: true });
  }
}

interface Checkpoint {
  readonly contexts: readonly { readonly tracks: unknown; readonly state: unknown }[];
}

const damage = (key: string, value: Json): Promise<void> => write([{ key, value, expectedVersion: 'any' }]);

async function write(documents: readonly DocumentWrite[]): Promise<void> {
  const expected = await embedded.ledger.head(STREAM);
  const request = { stream: STREAM, expected, events: [], hash: '', documents, guards: [] };
  expect(await embedded.ledger.commit(request)).toMatchObject({ kind: 'committed' });
}

const events = () => Array.fromAsync(eventsOf(embedded.ledger, STREAM));

const document = async <T>(key: string): Promise<T> => (await embedded.ledger.document(STREAM, key))!.value as T;

const cursor = async () => (await document<{ cursor: unknown }>(KEYS.account)).cursor;

/** Whether a strategy proposed something in a cycle. */
const decidedIn = async (index: number): Promise<boolean> =>
  (await embedded.ledger.document(STREAM, KEYS.decision(at(index)))) !== undefined;

async function expectSoundLedger(): Promise<void> {
  expect(verifyLedger(await embedded.ledger.read(STREAM, 0, 1_000))).toMatchObject({ holds: true });
  expect(fold(await events()).account.orders.filter(({ state }) => state === 'Initialized')).toEqual([]);
}
