/** The program of a thread in the tests: does what its order says. */
import { answerOrder } from '../../../adapters/jobs/job-thread.ts';
import { PlimsollError } from '../../../core/errors.ts';

export interface Order {
  readonly what: 'count' | 'refuse' | 'break' | 'exit' | 'loop' | 'eat';
}

await answerOrder<Order>(async ({ what }, onProgress) => {
  if (what === 'refuse') throw new PlimsollError('NO_BARS', 'there are no bars', 'choose another span');
  if (what === 'break') throw new TypeError('a defect');
  if (what === 'exit') process.exit(0);
  if (what === 'loop') for (;;);
  if (what === 'eat') for (const eaten: number[][] = []; ; ) eaten.push(Array.from({ length: 100_000 }, Math.random));
  onProgress(0.5);
  return { counted: 3 };
});
