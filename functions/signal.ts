import { signalStep } from './steps/signal.ts';
import { queueHandler } from './support/queue-handler.ts';

export const handler = queueHandler('signal', signalStep);
