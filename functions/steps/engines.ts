import { createHash } from 'node:crypto';
import { definitionOf, streamOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration } from '../../core/configuration/schema.ts';
import { openCycle, takeBar } from '../../core/cycle.ts';
import { Engine, type EngineDefinition, type EngineSnapshot } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json, toCheckpointJson } from '../../core/json.ts';
import { nearest } from '../../core/nearest.ts';
import { underThresholds } from '../../core/risk/limit-changes.ts';
import type { LimitsInForce } from '../../core/risk/limits-in-force.ts';
import type { CycleDocument, Opening } from './account-state.ts';
import { KEYS } from './account-state.ts';
import type { StepPorts } from './ports.ts';

/** The configured account of a stream. Throws `ACCOUNT_UNKNOWN`. */
export function accountOf(ports: StepPorts, stream: string): AccountConfiguration {
  const { configuration } = ports;
  const account = configuration.accounts.find((candidate) => streamOf(configuration, candidate) === stream);
  if (account) return account;
  const known = configuration.accounts.map((candidate) => streamOf(configuration, candidate));
  throw new PlimsollError(
    'ACCOUNT_UNKNOWN',
    `the account ${stream} is not configured`,
    `use ${nearest(stream, known)}`,
  );
}

/** Definitions by stream: an opening never changes, and the configuration not within a process. */
const definitions = new WeakMap<StepPorts, Map<string, EngineDefinition>>();

/** What the engines of a stream are built from: its opening and the configuration. Throws `ACCOUNT_NOT_OPEN`. */
export async function definitionFor(ports: StepPorts, stream: string): Promise<EngineDefinition> {
  const known = definitions.get(ports)?.get(stream);
  if (known) return known;
  const document = await ports.ledger.document(stream, KEYS.opening);
  if (!document)
    throw new PlimsollError(
      'ACCOUNT_NOT_OPEN',
      `the account ${stream} has no ledger yet`,
      'start the platform once so that its first cycle opens it',
    );
  return define(ports, stream, document.value as unknown as Opening);
}

/**
 * A fresh engine for a stream, under the limits that are in force in the snapshot which it will be restored from and with the instruments
 * as it has them; without one, as the configuration and the opening have them. Throws `ACCOUNT_NOT_OPEN`.
 */
export async function engineOf(ports: StepPorts, stream: string, at?: EngineSnapshot): Promise<Engine> {
  return new Engine(inForce(asListed(await definitionFor(ports, stream), at), at?.limits));
}

/** A definition with the instruments as their venue lists them now. */
export function asListed(definition: EngineDefinition, at: EngineSnapshot | undefined): EngineDefinition {
  if (at?.relisted === undefined) return definition;
  const instruments = [...definition.instruments];
  for (const [index, instrument] of at.relisted) instruments[index] = instrument;
  return { ...definition, instruments };
}

/** By definition, what it was under the thresholds that were asked for last: they seldom change from one step to the next. */
const lastInForce = new WeakMap<
  EngineDefinition,
  { readonly thresholds: string; readonly definition: EngineDefinition }
>();

/** A definition under the limits that are in force. */
export function inForce(definition: EngineDefinition, limits: LimitsInForce | undefined): EngineDefinition {
  if (!limits) return definition;
  const thresholds = JSON.stringify(toCheckpointJson(limits.thresholds));
  const last = lastInForce.get(definition);
  if (last?.thresholds === thresholds) return last.definition;
  const under = underThresholds(definition, limits.thresholds);
  lastInForce.set(definition, { thresholds, definition: under });
  return under;
}

export function buildEngine(ports: StepPorts, stream: string, opening: Opening): Engine {
  return new Engine(define(ports, stream, opening));
}

function define(ports: StepPorts, stream: string, opening: Opening): EngineDefinition {
  const { configuration, registry } = ports;
  const definition = definitionOf({ configuration, account: accountOf(ports, stream), registry, ...opening });
  const streams = definitions.get(ports) ?? new Map<string, EngineDefinition>();
  definitions.set(ports, streams.set(stream, definition));
  return definition;
}

/** Makes the bars of a cycle those of the engine. */
export function takeCycle(engine: Engine, cycle: CycleDocument): void {
  openCycle(engine, cycle.asOf);
  engine.lateByMs = cycle.lateByMs;
  const fundingRateMillionths = Math.round(engine.definition.execution.fundingBps * 100);
  for (const market of engine.markets) {
    const bar = cycle.bars[market.instrument.symbol];
    if (!bar) continue;
    const [timestamp, open, high, low, close, volume] = bar;
    market.useNextBar({ timestamp, open, high, low, close, volume });
    market.fundingRateMillionths = fundingRateMillionths;
    takeBar(engine, market);
  }
}

/** SHA-256 of plain data in its canonical form, hex. */
export const contentHash = (value: unknown): string =>
  createHash('sha256')
    .update(canonicalJson(value as Json))
    .digest('hex');
