/** What a bug of the bank is: a single defect, planted from outside by wrapping what the platform works with. */
import type { ExecutionVenuePort } from '../../core/ports/execution-venue.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { OutgoingMessage, QueueName, ReceivedMessage } from '../../core/ports/queue.ts';
import type { Step } from '../../functions/steps/account-state.ts';
import type { setTradingState } from '../../functions/steps/commands.ts';
import type { CycleMessage, StepPorts } from '../../functions/steps/ports.ts';

export type StepFunction = (ports: StepPorts, message: CycleMessage) => Promise<void>;
export type Steps = Readonly<Record<Step, StepFunction>>;

/** How a consumer settles messages. */
export interface Settlement {
  readonly acknowledge: (queue: QueueName, message: ReceivedMessage) => Promise<void>;
  readonly release: (queue: QueueName, message: ReceivedMessage, delayMs: number) => Promise<void>;
}

/** Where defects sit. Each is left out where there is none. */
export interface Defect {
  /** The ledger that all processes share. */
  readonly store?: (ledger: LedgerPort) => LedgerPort;
  /** The ledger as one process sees it. */
  readonly ledger?: (ledger: LedgerPort) => LedgerPort;
  /** The object store that all processes share. */
  readonly objects?: (objects: ObjectStore) => ObjectStore;
  readonly steps?: (steps: Steps) => Steps;
  readonly send?: (send: StepPorts['send']) => (queue: QueueName, message: OutgoingMessage) => Promise<void>;
  readonly settlement?: (settlement: Settlement) => Settlement;
  /** A message is acknowledged before it is handled. */
  readonly acknowledgesFirst?: true;
  /** Dead letters are thrown away. */
  readonly dropsDeadLetters?: true;
  readonly setTradingState?: typeof setTradingState;
  /** The exchange as one process reaches it. */
  readonly exchange?: (exchange: ExecutionVenuePort) => ExecutionVenuePort;
}

export interface Bug {
  readonly name: string;
  /** What is wrong, as a sentence. */
  readonly title: string;
  /** The failure in the world that it stands for. */
  readonly standsFor: string;
  /** Where it was met, if it was taken from a single report. */
  readonly source?: string;
  /** Sits where only a live account comes: seeds without one need not be run. */
  readonly isOfExchange?: true;
  /** Made anew for each run, since a defect may remember. */
  readonly plant: () => Defect;
}
