import { venuesOf } from 'plimsoll-execution';
import { executeStep } from './steps/execute.ts';
import { queueHandler } from './support/queue-handler.ts';

/** Serves two queues: that of the cycles, and the urgent one, which never waits behind it. */
export const handler = queueHandler('execute', executeStep, { venuesOf });
