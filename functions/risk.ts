import { riskStep } from './steps/risk.ts';
import { queueHandler } from './support/queue-handler.ts';

export const handler = queueHandler('risk', riskStep);
