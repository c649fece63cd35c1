import type { Worker } from './world.ts';

/** How the platform runs: an invocation for everything, or one process. */
export interface Runtime {
  /** Opens the accounts, before anything goes wrong. */
  open(): Promise<void>;
  /** Does something for a person. */
  run(work: (worker: Worker) => Promise<void>): void;
  /** Everything that is at work ends at once. */
  restart(): void;
  /** From here on, what is started runs the scenario's n-th configuration. */
  deploy(next: number): void;
  /** What could begin now. */
  begin(): (() => void)[];
  /** When the next thing may begin that waits for its time. */
  readonly nextAt: number;
  readonly isAtWork: boolean;
}
