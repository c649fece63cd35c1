/** The documents of a stream: what each step reads and writes, under which key. */

import type { Engine, EngineSnapshot } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { fromCheckpointJson, type Json, toCheckpointJson } from '../../core/json.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { Provenance } from '../../core/ports/market-data.ts';
import type { SignalProposal } from '../../core/strategies/runner.ts';

export const KEYS = {
  account: 'account',
  opening: 'opening',
  /** The bars of a cycle; written once by ingest. */
  cycle: (asOf: number): string => `cycle/${timeKey(asOf)}`,
  cyclePrefix: 'cycle/',
  /** What each step made of a cycle, for people. */
  verdicts: (asOf: number): string => `verdicts/${timeKey(asOf)}`,
  verdictsPrefix: 'verdicts/',
  checkpoint: (strategyId: string): string => `checkpoint/${strategyId}`,
  /** What a cycle with proposals was decided from. */
  decision: (asOf: number): string => `decision/${timeKey(asOf)}`,
  decisionPrefix: 'decision/',
  /** What models that are asked elsewhere said in a cycle (ask-models.ts). */
  answers: (asOf: number): string => `answers/${timeKey(asOf)}`,
  /** What the account runs under, once that has changed since its opening. */
  configuration: 'configuration',
  command: (id: string): string => `command/${id}`,
  /** A cycle that was given up, in words. */
  gap: (asOf: number): string => `gap/${timeKey(asOf)}`,
  gapPrefix: 'gap/',
  /** Why a step of a cycle failed the last time it was tried. */
  failure: (asOf: number): string => `failure/${timeKey(asOf)}`,
  /** That the venue of a live account cannot be listened to (stream-away.ts). */
  streamAway: 'stream-away',
  /** Work of several commits that is not at its end, and the texts that hold it (commit-engine.ts). */
  pending: 'pending',
  pendingText: (k: number): string => `pending/${k}`,
} as const;

/** Milliseconds UTC as text whose bytes sort like the times do. */
const timeKey = (ms: number): string => String(ms).padStart(15, '0');

/** The steps of a cycle, in order. `ingest` opens it; the account is settled before and after. */
export const STEPS = ['reconcile', 'signal', 'risk', 'execute'] as const;
export type Step = (typeof STEPS)[number];

/** What a step made of a cycle. */
export interface Verdict {
  readonly step: Step | 'ingest';
  /** A few words: "2 fills", "nothing due", "1 proposal". */
  readonly verdict: string;
  /** Wall-clock ms UTC at its end, and how long it took. For people: no decision reads it. */
  readonly at: number;
  readonly elapsedMs: number;
}

/** A cycle as people see it. */
export interface VerdictsDocument {
  readonly cycle: number;
  /** At its end, scaled money. */
  readonly equity: number;
  readonly missing: readonly string[];
  readonly lateByMs: number;
  readonly verdicts: readonly Verdict[];
  /** Where the cycle was given up. */
  readonly gap?: Gap;
}

/** A cycle that failed as often as it may be tried, and was closed so that the next one can go on. */
export interface Gap {
  readonly step: Step;
  /** What the step failed with, as a sentence. */
  readonly error: string;
  readonly attempts: number;
}

/** The same for those who list the gaps of an account. */
export interface GapDocument {
  readonly cycle: number;
  /** As in the cycle's verdicts. */
  readonly verdict: string;
}

/** How far an account has come. */
export interface Cursor {
  /** Cycle in work, or the last one. */
  readonly cycle: number;
  /** The step that comes next; `settled` when the cycle is over. */
  readonly next: Step | 'settled';
}

/** The account document: its engine's state as of a commit, and how far its cycle has come. */
export interface AccountState {
  readonly cursor: Cursor;
  readonly engine: EngineSnapshot;
  /** Between signal and risk. */
  readonly proposals: readonly SignalProposal[];
  /** Of the cycle in work. */
  readonly verdicts: readonly Verdict[];
  /** Hash of the configuration that was taken over last (runs-under.ts); absent from the documents of older releases. */
  readonly runsUnder?: string | undefined;
}

/** What a commit says of the account besides its engine. */
export interface AccountWrite extends Pick<AccountState, 'cursor' | 'verdicts' | 'runsUnder'> {
  /** That the account document must have now. */
  readonly version: number;
}

/** Written once, with the first commit of a stream: what the configuration alone does not say. */
export interface Opening {
  readonly openedAt: number;
  readonly provenance: Provenance;
  readonly instruments: readonly Instrument[];
}

/** A cycle as ingest opened it: the bars that arrived, and what was missing. */
export interface CycleDocument {
  /** ms UTC: when its bars closed. */
  readonly asOf: number;
  /** By symbol: open time (ms UTC), open, high, low, close (scaled) and volume. */
  readonly bars: { readonly [symbol: string]: readonly [number, number, number, number, number, number] };
  readonly missing: readonly string[];
  /** How late the cycle was opened, where that is too late to open anything new; else 0. */
  readonly lateByMs: number;
  /** SHA-256 of the bars, hex. */
  readonly contentHash: string;
  readonly openedAt: number;
  /** History before the first decision: strategies move over its bars and are not asked. */
  readonly warmUp?: true;
}

/** An account as it stands, with the version of its document. */
export interface LoadedAccount {
  readonly state: AccountState;
  readonly version: number;
}

/** The account document with its version; undefined where the stream has none. */
export async function findAccount(ledger: LedgerPort, stream: string): Promise<LoadedAccount | undefined> {
  const document = await ledger.document(stream, KEYS.account);
  return document && { state: fromCheckpointJson(document.value) as AccountState, version: document.version };
}

/** The same where there must be one. Throws `ACCOUNT_NOT_OPEN`. */
export async function loadAccount(ledger: LedgerPort, stream: string): Promise<LoadedAccount> {
  const account = await findAccount(ledger, stream);
  if (account) return account;
  throw new PlimsollError(
    'ACCOUNT_NOT_OPEN',
    `the account ${stream} has no ledger yet`,
    'start the platform once so that its first cycle opens it',
  );
}

/** The account document's value for an engine as it stands. */
export function accountDocument(engine: Engine, { cursor, verdicts, runsUnder }: AccountWrite): Json {
  const state: AccountState = { cursor, engine: engine.snapshot(), proposals: engine.proposals, verdicts, runsUnder };
  return toCheckpointJson(state);
}
