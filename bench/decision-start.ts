/** What a cold start of the deciding function takes until its first opinion: bundled and run by decision.ts. */
import { registry } from 'plimsoll-deployment';
import { isOpinion } from '../core/models/opinion.ts';
import { handler } from '../functions/signal.ts';

const { definition } = registry.get('model-opinion')!;
const { desk } = definition.indicators({ model: 'gold-hourly' });
if (!isOpinion(desk) || typeof handler !== 'function') throw new Error('the bundle has no model');
const { manifest, ensemble } = desk.served!;
const row = Float64Array.from(manifest!.features, (_, k) => Math.sin(k));
if (!(ensemble().opinion(row).up > 0)) throw new Error('the model has no answer');
