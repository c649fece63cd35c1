/** Models that are asked elsewhere, in the cycle: what they say, what they fail to say, and a decision made again without them. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { askedElsewhere } from '../../../core/models/answers.ts';
import { featureSet } from '../../../core/models/features/feature-set.ts';
import type { ServedModel } from '../../../core/models/opinion.ts';
import type { AskModel, ModelQuestion } from '../../../core/ports/model-server.ts';
import { registryWith } from '../../../core/strategies/registry.ts';
import type { StepPorts } from '../../../functions/steps/ports.ts';
import { withDeadline } from '../../../functions/support/deadline.ts';
import { eventsOf, runLive } from '../../../platform/live-run.ts';
import { replayDecision } from '../../../platform/replay-decision.ts';
import { temporaryDirectory } from '../../adapters/embedded/temporary.ts';
import { atHand, DESK_FEATURES, momentumDesk } from '../../core/models/desk.ts';

const STREAM = 'local/paper';
const START = Date.UTC(2024, 4, 1);
const MINUTE = 60_000;
const SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
const strategies = await loadStrategies(join(import.meta.dirname, '..', '..', '..'));
const configuration = configurationSchema.parse({
  venues: { sim: { kind: 'simulated', seed: 7 } },
  universes: { pair: { venue: 'sim', symbols: SYMBOLS, timeframe: '1m' } },
  accounts: [
    {
      id: 'paper',
      universe: 'pair',
      strategies: [
        { strategy: 'model-opinion', params: { model: 'momentum', hold: 3 }, allocation: 0.4 },
        { strategy: 'sma-cross', params: { fast: 3, slow: 8 }, allocation: 0.4 },
      ],
    },
  ],
});

/** What the desk's own members say to rows. */
const native = momentumDesk();
const said = ({ rows }: ModelQuestion) => rows.map((row) => native.ensemble().opinion(row).members);

const elsewhere = (): ServedModel => ({ ...native, ...askedElsewhere(native.manifest!) });

/** The account after so many minutes of invented bars, where the model is asked so. */
async function traded(model: ServedModel, askModel?: AskModel, minutes = 90) {
  const embedded = openEmbedded({ directory: temporaryDirectory() });
  onTestFinished(() => embedded.close());
  const ports: StepPorts = {
    ledger: embedded.ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration,
    registry: registryWith(strategies, atHand(model)),
    modelsBefore: async () => atHand(model.answers ? elsewhere() : model),
    now: Date.now,
    withDeadline,
    ...(askModel ? { askModel } : {}),
  };
  const venue = new SimulatedVenue({ venue: 'sim', seed: '7', now: () => START + 1_000 * MINUTE });
  await runLive({
    ports,
    queue: embedded.queue,
    account: configuration.accounts[0],
    instruments: await venue.instruments(SYMBOLS),
    provenance: 'simulated',
    bars: new Map(
      SYMBOLS.map((symbol) => [symbol, venue.columns(symbol, '1m', START, START + minutes * MINUTE, minutes)]),
    ),
    timeframe: '1m',
  });
  return { ports, events: await Array.fromAsync(eventsOf(embedded.ledger, STREAM)) };
}

const failures = (events: readonly LedgerEvent[]) => events.filter(({ kind }) => kind === 'StrategyFailed');
const textsOf = (events: readonly LedgerEvent[]): string =>
  JSON.stringify(events.filter(({ kind }) => kind === 'TextDefined'));
const filledBy = (events: readonly LedgerEvent[], strategy: number): number =>
  events.filter((event) => event.kind === 'OrderFilled' && (event as { strategy?: number }).strategy === strategy)
    .length;
const down = (words: string) => new PlimsollError('MODEL_SERVER_DOWN', words, 'start it');

test('a model that is asked elsewhere decides as it does here: the same ledger, with one question a cycle', async () => {
  const questions: ModelQuestion[] = [];
  const asked = await traded(elsewhere(), async (question) => {
    questions.push(question);
    return said(question);
  });
  const here = await traded(native);
  expect(asked.events).toEqual(here.events);
  expect(textsOf(here.events)).toContain('the model expects a rise');
  expect(failures(here.events)).toEqual([]);
  // Asked from the first bar on whose features are whole, about both instruments at once.
  expect(questions).toHaveLength(90 - featureSet(DESK_FEATURES).warmUp + 1);
  expect(questions.every(({ rows, version }) => rows.length === 2 && version === native.version)).toBe(true);
});

test('a decision is made again with what was said then, and nobody is asked', async () => {
  let cycle = 0;
  const { ports, events } = await traded(elsewhere(), async (question) => {
    // Another answer each time: only what was kept can come to the same.
    cycle++;
    return question.rows.map((_, k) => [0.5 + 0.4 * Math.sin(cycle + k), 0.5]);
  });
  const decided = events.filter(({ kind }) => kind === 'OrderInitialized').map((event) => event.cycle);
  expect(decided.length).toBeGreaterThan(5);
  const silent: StepPorts = { ...ports, askModel: () => Promise.reject(new Error('nobody shall be asked')) };
  for (const at of decided.slice(-5))
    expect(await replayDecision(silent, STREAM, String(at))).toMatchObject({ same: true, differences: [] });
});

test('bad input: a server that is down is said in the ledger, the other strategy trades on, and the model decides again once it is back', async () => {
  let asked = 0;
  const { ports, events } = await traded(elsewhere(), async (question) => {
    if (asked++ < 30) throw down('the endpoint "momentum" refused the connection');
    return said(question);
  });
  expect(failures(events)).toHaveLength(60);
  expect(textsOf(events)).toContain(
    'the model \\"momentum\\" has no answer: the endpoint \\"momentum\\" refused the connection',
  );
  const before = events.filter((event) => event.cycle < START + 50 * MINUTE);
  expect(before.some(({ kind }) => kind === 'OrderFilled')).toBe(true);
  expect(textsOf(before)).not.toContain('the model expects');
  expect(textsOf(events)).toContain('the model expects');
  // A decision of the other strategy in such a cycle is made again with the failure in it.
  const failed = new Set(failures(events).map(({ cycle }) => cycle));
  const both = events.find(({ kind, cycle }) => kind === 'OrderInitialized' && failed.has(cycle));
  expect(await replayDecision(ports, STREAM, String(both!.cycle))).toMatchObject({ same: true, differences: [] });
});

test.each([
  ['too few rows', () => [[0.9, 0.9]], /its server answered about 1 rows and was asked about 2/],
  ['too few members', () => [[0.9], [0.9]], /answered for 1 members, where its manifest names 2/],
  [
    'more than certainty',
    () => [
      [1.2, 0.9],
      [0.9, 0.9],
    ],
    /its server answered (1.2|NaN), which is no probability/,
  ],
  [
    'no number',
    () => [
      [Number.NaN, 0.9],
      [0.9, 0.9],
    ],
    /its server answered (1.2|NaN), which is no probability/,
  ],
])('bad input: an answer of %s is not used', async (_, answer, why) => {
  const { events } = await traded(elsewhere(), async () => answer(), 40);
  expect(textsOf(events)).toMatch(why);
  expect(textsOf(events)).not.toContain('the model expects');
  expect(filledBy(events, 0)).toBe(0);
});

test('bad input: where no server is known the model has no answer, and the ledger says so', async () => {
  const { events } = await traded(elsewhere(), undefined, 40);
  expect(textsOf(events)).toContain('has no answer: no server of models is known here');
});

test('a fault of our own is no refusal: the step fails and is tried again', async () => {
  await expect(traded(elsewhere(), () => Promise.reject(new TypeError('a bug')), 40)).rejects.toThrow('a bug');
});
