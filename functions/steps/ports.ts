import type { Configuration } from '../../core/configuration/schema.ts';
import type { ModelsAtHand } from '../../core/models/opinion.ts';
import type { ReadBatch } from '../../core/ports/batch-rows.ts';
import type { ExecutionVenuePort } from '../../core/ports/execution-venue.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import type { OutgoingMessage, QueueName } from '../../core/ports/queue.ts';
import type { StrategyRegistry } from '../../core/strategies/registry.ts';

/** What every step works with: the same on a laptop, in Lambda and in tests. */
export interface StepPorts {
  readonly ledger: LedgerPort;
  readonly send: (queue: QueueName, message: OutgoingMessage) => Promise<void>;
  readonly configuration: Configuration;
  readonly registry: StrategyRegistry;
  /** Versions of models that decided before, by name: a decision is made again with what it was made with. */
  readonly modelsBefore?: (versions: Readonly<Record<string, string>>) => Promise<ModelsAtHand>;
  /** Asks models that are not evaluated in this process. Without it they have no answers, and nothing rests on them. */
  readonly askModel?: AskModel;
  /** Reads the tables of batches. Without it they say nothing, and nothing rests on them. */
  readonly readBatch?: ReadBatch;
  /** Wall clock, ms UTC: for verdicts and lateness alone, never for a decision. */
  readonly now: () => number;
  /** Runs strategy code under a deadline; throws `STRATEGY_TIMEOUT` when it takes longer. */
  readonly withDeadline: <T>(timeoutMs: number, what: string, work: () => T) => T;
  /**
   * The execution side of a configured venue, for live accounts. Without it they open nothing and send nothing, as where it throws
   * `VENUE_KEYS_MISSING`, `VENUE_KEYS_UNREADABLE` or `VENUE_NOT_WIRED`.
   */
  readonly venue?: (name: string) => ExecutionVenuePort | Promise<ExecutionVenuePort>;
  /** Called between every two writes, for tests that end the process there. */
  readonly faultPoint?: (name: string) => void;
}

/** The body of every message between the steps. */
export interface CycleMessage {
  readonly stream: string;
  readonly cycle: number;
}
