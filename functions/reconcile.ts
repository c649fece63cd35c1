import { venuesOf } from 'plimsoll-execution';
import { reconcileStep } from './steps/reconcile.ts';
import { queueHandler } from './support/queue-handler.ts';

export const handler = queueHandler('reconcile', reconcileStep, { venuesOf });
