import type * as z from 'zod/mini';
import type { Lake } from '../adapters/lake/lake.ts';
import type { Principal, Role } from '../core/ports/identity.ts';
import type { Jobs } from '../core/ports/jobs.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import type { QueuePort } from '../core/ports/queue.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import type { ModelsPort } from './models/port.ts';

/** A query reads. A command changes something, once for each idempotency key. A job takes long: 202 and an id. */
type OperationKind = 'query' | 'command' | 'job';

/**
 * What can be done, declared once: from the one list come the REST routes and their document, the CLI and the dashboard's
 * client. A declaration imports no implementation, so that each surface carries only what it runs.
 */
export interface Operation<Input extends z.ZodMiniType = z.ZodMiniType, Output extends z.ZodMiniType = z.ZodMiniType> {
  /** `orders.cancel`: what it is about, then what it does. */
  readonly name: string;
  /** One sentence, for documents and help. */
  readonly summary: string;
  readonly kind: OperationKind;
  /** The least role that may do it. */
  readonly role: Role;
  readonly input: Input;
  readonly output: Output;
  /** Of a job: the query that shows it, by its id. */
  readonly shownBy?: string;
  readonly run: () => Promise<{ default: Run<z.output<Input>, z.output<Output>> }>;
}

type Run<Input, Output> = (context: OperationContext, input: Input) => Promise<Output>;

/** What reads need of the context. */
export interface LedgerContext {
  /** Ledger, configuration, strategies and clock: the same that the steps work with, and the same object in every request. */
  readonly steps: StepPorts;
}

export interface LakeContext extends LedgerContext {
  /** Bars of before the first cycle; where there is none, only those of the cycles are known. */
  readonly lake?: Pick<Lake, 'readBars'>;
}

/** What operations work with: the ports, the configuration, and who asks. */
export interface OperationContext extends LakeContext {
  readonly queue: QueuePort;
  readonly jobs: Jobs;
  /** Models, opened where an operation asks for them: most do not. */
  readonly models: () => Promise<ModelsPort>;
  readonly principal: Principal;
  /** Of a command: doing it again under the same key does nothing and answers the same. */
  readonly idempotencyKey: string;
  /** How the instance runs, for the status. */
  readonly runtime: Runtime;
  /** Where reports are kept; without it there are none of past days. */
  readonly reports?: Pick<ObjectStore, 'get'>;
}

interface Runtime {
  readonly kind: 'embedded' | 'aws';
  readonly version: string;
  /** ms UTC. */
  readonly startedAt: number;
}

/** An operation whose name and kind are known to the compiler, so that a typed client can be made from the list. */
type Declared<Name, Kind, Input extends z.ZodMiniType, Output extends z.ZodMiniType> = Operation<Input, Output> & {
  readonly name: Name;
  readonly kind: Kind;
};

/** Declares an operation; its types follow from the schemas. */
export function operation<
  const Name extends string,
  const Kind extends OperationKind,
  Input extends z.ZodMiniType,
  Output extends z.ZodMiniType,
>(declared: Declared<Name, Kind, Input, Output>): Declared<Name, Kind, Input, Output> {
  return declared;
}
