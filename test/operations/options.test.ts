import { afterAll, describe, expect, it } from 'vitest';
import { createApp } from '../../adapters/http/app.ts';
import { valueOption } from '../../core/options/black-scholes.ts';
import { openDesk } from './desk.ts';

const desk = openDesk();
afterAll(() => desk.close());

const input = { type: 'call', spot: 42, strike: 40, rate: 0.1, days: 182.5, volatility: 0.2 } as const;

describe('options.price', () => {
  it('is the calculator, for a viewer too', async () => {
    const quote = await desk.ask('options.price', input, { role: 'viewer' });
    expect(quote).toEqual(valueOption({ ...input, dividend: 0 }, 0.2));
  });

  it('finds the volatility of a price', async () => {
    const { volatility: _, ...terms } = input;
    const quote = await desk.ask('options.price', { ...terms, price: 4.759422392871532 });
    expect(quote).toMatchObject({ impliedVolatility: expect.closeTo(0.2, 12) });
  });

  it('answers over HTTP, its figures in the query', async () => {
    const app = createApp({
      about: { name: 'desk', version: '0.0.0' },
      context: () => ({ ...desk.context, idempotencyKey: crypto.randomUUID() }),
      identity: { authenticate: async () => ({ id: 'a', name: 'a', roles: ['viewer'] }) },
      allowedHosts: 'any',
    });
    const ask = (changed: object) => {
      const query = Object.entries({ ...input, ...changed }).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]);
      return app.request(`/api/options/price?${new URLSearchParams(query)}`, {
        headers: { authorization: 'Bearer t' },
      });
    };
    const answered = await ask({});
    expect(answered.status).toBe(200);
    expect(await answered.json()).toMatchObject({ price: expect.closeTo(4.76, 2) });
    const refused = await ask({ spot: 0 });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      code: 'OPERATION_INPUT_INVALID',
      detail: expect.stringMatching(/spot is 0/),
    });
  });

  it.each([
    ['a spot that is not a number', { spot: 'dear' }, /spot/],
    ['a strike of 0', { strike: 0 }, /strike is 0/],
    ['a rate in percent', { rate: 5 }, /rate is 5/],
    ['an unknown field', { vol: 0.2 }, /"vol"/],
    ['a price beside the volatility', { price: 4 }, /both given/],
    ['a price that is an arbitrage', { volatility: undefined, price: 50 }, /without arbitrage/],
  ])('refuses %s', async (_, changed, message) => {
    await expect(desk.ask('options.price', { ...input, ...changed })).rejects.toMatchObject({
      code: 'OPERATION_INPUT_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
