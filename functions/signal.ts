import { signalStep } from './steps/signal.ts';
import { modelsAsked } from './support/asked-models.ts';
import { queueHandler } from './support/queue-handler.ts';

export const handler = queueHandler('signal', signalStep, { modelsAsked });
