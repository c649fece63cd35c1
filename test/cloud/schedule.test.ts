/** The schedules of the app itself, deployed to the emulated cloud: EventBridge Scheduler calls ingest, which settles what is due. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { settledKey } from '../../adapters/aws/scheduler-ticks.ts';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import type { Json } from '../../core/json.ts';
import type { SchedulePlan } from '../../core/ports/schedule.ts';
import { type CycleDocument, KEYS, type VerdictsDocument } from '../../functions/steps/account-state.ts';
import { planOf } from '../../functions/support/ingest-cycles.ts';
import { DeployedInstance } from '../../lib/deployed-instance.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { type DeployedSchedule, deployedScheduleContract } from '../contract/schedule.suite.ts';
import { type Cloud, startCloud } from './harness/cloud.ts';
import { eventually } from './harness/eventually.ts';
import { deployTrading } from './parity.ts';

const CONFIGURATION = 'test/cloud/schedule.yaml';
const { configuration } = loadConfiguration({ file: CONFIGURATION, environment: {} });
const MANY = 1_000;
/** What one call of ingest takes here, with room: the same call that finds nothing to do leaves no trace to wait for. */
const CALL_MS = 3_000;

/** As Scheduler's own API has it. */
interface Schedule {
  readonly Name: string;
  readonly ScheduleExpression: string;
  readonly Target: { readonly Input?: string };
  readonly [field: string]: unknown;
}

let cloud: Cloud;
let instance: DeployedInstance;
const schedules = new Map<string, Schedule>();
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-schedule-'));

beforeAll(async () => {
  cloud = await startCloud({ iam: true, schedules: true });
  const outputsFile = join(folder, 'outputs.json');
  await deployTrading(cloud, 'tide', CONFIGURATION, outputsFile);
  instance = new DeployedInstance(JSON.parse(readFileSync(outputsFile, 'utf8')), 'tide', cloud.client);
  const { Schedules } = await scheduler('GET', '');
  for (const { Name } of Schedules as Schedule[]) {
    const schedule = (await scheduler('GET', `/${Name}`)) as unknown as Schedule;
    const { schedule: universe } = JSON.parse(schedule.Target.Input ?? '{}') as { schedule?: string };
    if (universe !== undefined) schedules.set(universe, schedule);
  }
  await scheduler('PUT', `/${of('hours').Name}`, { ...of('hours'), State: 'DISABLED' });
}, 240_000);

afterAll(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

const quick = planOf(configuration, 'minutes');
const slow = planOf(configuration, 'hours');
const accountOf = ({ name }: SchedulePlan) => configuration.accounts.find(({ universe }) => universe === name)!.id;
const streamOf = (plan: SchedulePlan): string => `tests/${accountOf(plan)}`;

const deployed: DeployedSchedule = {
  quick,
  slow,
  calledAt: (plan, time) => instance.ingest({ schedule: plan.name, scheduledTime: new Date(time).toISOString() }),
  async fire(plan) {
    const at = (Math.floor(Date.now() / 1_000) + 1) * 1_000;
    const { Name, ...schedule } = of(plan.name);
    const ScheduleExpression = `at(${new Date(at).toISOString().slice(0, 19)})`;
    const once = `/${Name}-${at}`;
    await scheduler('POST', once, { ...schedule, ScheduleExpression, ActionAfterCompletion: 'DELETE' });
    await eventually(async () => expect(await status('GET', once)).toBe(404));
    await delay(plan.delayMs + CALL_MS);
    return at;
  },
  async breakDown(plan) {
    const [key, stream] = [settledKey(plan), streamOf(plan)];
    const write = async (value: Json): Promise<void> => {
      const documents = [{ key, value, expectedVersion: 'any' }] as const;
      await eventually(async () => {
        const expected = await instance.ledger.head(stream);
        const outcome = await instance.ledger.commit({ stream, expected, events: [], hash: '', documents, guards: [] });
        expect(outcome.kind).toBe('committed');
      });
    };
    const document = await instance.ledger.document(stream, key);
    await write({ settledUntil: 'unreadable' });
    return () => write(document?.value ?? null);
  },
  async handled(plan) {
    const cycles = await instance.ledger.documents(streamOf(plan), { prefix: KEYS.cyclePrefix, limit: MANY });
    return cycles
      .map(({ value }) => value as unknown as CycleDocument)
      .filter(({ warmUp }) => !warmUp)
      .map(({ asOf, openedAt }) => ({ time: asOf, handledAt: openedAt }));
  },
  async skipped(plan) {
    let skipped = 0;
    for await (const event of eventsOf(instance.ledger, streamOf(plan)))
      if (event.kind === 'CyclesMissed') skipped += (event.body as { count: number }).count;
    return skipped;
  },
  failures: async () => cloud.logs().match(/"bars were not taken in"/g)?.length ?? 0,
};

deployedScheduleContract('EventBridge Scheduler', deployed, eventually);

it('settles the cycles of every time that it was called with, in order', async () => {
  for (const plan of [quick, slow]) {
    const stream = streamOf(plan);
    const times = (await deployed.handled(plan)).map(({ time }) => time);
    await instance.settled(stream, times[times.length - 1]);
    const documents = await instance.ledger.documents(stream, { prefix: KEYS.verdictsPrefix, limit: MANY });
    const verdicts = documents.map(({ value }) => value as unknown as VerdictsDocument);
    expect(verdicts.map(({ cycle }) => cycle)).toEqual(expect.arrayContaining(times));
    const reconciledAt = verdicts.map(({ verdicts: [, reconcile] }) => reconcile.at);
    expect(reconciledAt).toEqual(reconciledAt.toSorted((a, b) => a - b));
  }
}, 120_000);

function of(universe: string): Schedule {
  const schedule = schedules.get(universe);
  if (!schedule) throw new Error(`the deployment has no schedule of ${universe}`);
  return schedule;
}

/** Scheduler has no client among the dependencies, and three calls need none. */
async function scheduler(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await call(method, path, body);
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

const status = async (method: string, path: string): Promise<number> => (await call(method, path)).status;

const call = (method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${cloud.endpoint}/schedules${path}`, {
    method,
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${cloud.account}/20200101/${cloud.region}/scheduler/aws4_request, SignedHeaders=host, Signature=none`,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
