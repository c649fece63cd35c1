import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REQUEST_BOUNDS } from '../../adapters/http/request.ts';
import { type Asked, ORIGIN, type ServedDesk, serveDesk } from './served-desk.ts';

let served: ServedDesk;

beforeAll(async () => {
  served = await serveDesk();
  await served.desk.run(30);
});

afterAll(() => served.close());

async function problemOf(
  response: Response,
  status: number,
  code: string,
): Promise<{ detail: string; remedy: string }> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = await response.json();
  expect(problem).toEqual({
    type: 'about:blank',
    title: expect.stringMatching(/\w/),
    status,
    detail: expect.stringMatching(/^[^a-z].*\.$/s),
    code,
    remedy: expect.stringMatching(/\w/),
  });
  return problem as { detail: string; remedy: string };
}

const refused = async (path: string, asked: Asked, status: number, code: string) =>
  problemOf(await served.ask(path, asked), status, code);

describe('input', () => {
  test('that is not valid is refused with every field that is wrong', async () => {
    const { detail } = await refused(
      '/api/trading-state/set',
      { json: { state: 'Stopped', reason: '' } },
      400,
      'OPERATION_INPUT_INVALID',
    );
    expect(detail).toMatch(/state.*"Active"/);
    expect(detail).toMatch(/reason/);
  });

  test('in a query string is refused alike', async () => {
    const { detail } = await refused('/api/cycles/list?limit=0', {}, 400, 'OPERATION_INPUT_INVALID');
    expect(detail).toContain('limit');
  });

  test('with a name that is not known is refused with the nearest that is', async () => {
    const { detail } = await refused('/api/cycles/list?limt=5', {}, 400, 'OPERATION_INPUT_INVALID');
    expect(detail).toContain('"limit"');
  });

  test('given twice is not taken for one', async () => {
    await refused('/api/account/show?account=paper&account=reserve', {}, 400, 'OPERATION_INPUT_INVALID');
  });

  test('that is not JSON is refused', async () => {
    const json = { 'content-type': 'application/json' };
    await refused('/api/trading-state/set', { body: '{"state":', headers: json }, 400, 'BODY_MALFORMED');
    await refused('/api/trading-state/set', { body: '[]', headers: json }, 400, 'OPERATION_INPUT_INVALID');
    await refused('/api/trading-state/set', { body: 'null', headers: json }, 400, 'OPERATION_INPUT_INVALID');
  });

  test('of another type than JSON is refused', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await refused('/api/trading-state/set', { body: 'state=Halted', headers: form }, 415, 'BODY_NOT_JSON');
    await refused(
      '/api/trading-state/set',
      { body: '{"state":"Halted"}', headers: { 'content-type': 'application/jsonp' } },
      415,
      'BODY_NOT_JSON',
    );
  });

  test('larger than the bound is refused, and what fits is read', async () => {
    const reason = 'x'.repeat(REQUEST_BOUNDS.bodyBytes);
    await refused('/api/trading-state/set', { json: { state: 'Halted', reason } }, 413, 'BODY_TOO_LARGE');
    const largest = { state: 'Halted', reason: 'x'.repeat(REQUEST_BOUNDS.bodyBytes - 40) };
    await refused('/api/trading-state/set', { json: largest }, 400, 'OPERATION_INPUT_INVALID');
  });

  test('under a malformed idempotency key is refused', async () => {
    const asked = { json: { state: 'Halted' }, headers: { 'idempotency-key': 'x'.repeat(201) } };
    await refused('/api/trading-state/set', asked, 400, 'IDEMPOTENCY_KEY_MALFORMED');
  });
});

describe('who asks', () => {
  test.each([
    ['no token', {}],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['a token that nobody has', { authorization: `Bearer plimsoll_${'a'.repeat(12)}.${'b'.repeat(43)}` }],
    ['a token beyond all bounds', { authorization: `Bearer ${'a'.repeat(5_000)}` }],
  ])('is refused with %s', async (_, headers) => {
    const response = await served.app.request(`${ORIGIN}/api/status/show`, { headers });
    await problemOf(response, 401, 'AUTHENTICATION_REQUIRED');
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  test('may not put the token in the query, but for a stream', async () => {
    const response = await served.app.request(`${ORIGIN}/api/status/show?token=${served.tokens.admin}`);
    await problemOf(response, 401, 'AUTHENTICATION_REQUIRED');
  });

  test('is refused what the role does not reach, and nothing happens', async () => {
    await refused('/api/trading-state/set', { as: 'viewer', json: { state: 'Halted' } }, 403, 'OPERATION_FORBIDDEN');
    expect(await (await served.ask('/api/trading-state/get', { as: 'viewer' })).json()).toMatchObject({
      state: 'Active',
    });
  });

  test('is not asked for health', async () => {
    const response = await served.app.request(`${ORIGIN}/api/health`);
    expect(await response.json()).toEqual({ name: 'desk', version: '0.0.0' });
  });
});

describe('what is asked for', () => {
  test.each([
    ['/api/nothing', 'ROUTE_UNKNOWN'],
    ['/nothing', 'ROUTE_UNKNOWN'],
    ['/api/orders', 'ROUTE_UNKNOWN'],
    ['/api/account/show?account=papr', 'ACCOUNT_UNKNOWN'],
    ['/api/bars/list?symbol=BTC', 'SYMBOL_UNKNOWN'],
    ['/api/cycles/show?cycle=1', 'CYCLE_UNKNOWN'],
    ['/api/backtests/show?id=none', 'JOB_UNKNOWN'],
  ])('is refused where it does not exist: %s', async (path, code) => {
    await refused(path, {}, 404, code);
  });

  test('is refused in another way than its own', async () => {
    const response = await served.ask('/api/orders/cancel');
    await problemOf(response, 405, 'METHOD_NOT_ALLOWED');
    expect(response.headers.get('allow')).toBe('POST');
    const other = await served.ask('/api/orders/list', { json: {} });
    await problemOf(other, 405, 'METHOD_NOT_ALLOWED');
    expect(other.headers.get('allow')).toBe('GET, HEAD');
    await refused('/openapi.json', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED');
  });

  test('is refused where the account does not stand so', async () => {
    await refused('/api/orders/cancel', { json: { order: 999_999 } }, 409, 'ORDER_NOT_WORKING');
    await refused('/api/trading-state/set', { json: { account: 'reserve', state: 'Halted' } }, 409, 'ACCOUNT_NOT_OPEN');
  });

  test('is refused where it cannot be done', async () => {
    const { detail } = await refused(
      '/api/backtests/run',
      { json: { strategy: 'sma-cross', params: { fats: 3 } } },
      422,
      'STRATEGY_PARAMS_INVALID',
    );
    expect(detail).toContain('"fast"');
    await refused(
      '/api/backtests/run',
      { json: { strategy: 'sma-cross', timeframe: '90s' } },
      422,
      'TIMEFRAME_NOT_MULTIPLE',
    );
  });
});

describe('the server', () => {
  test('tells nothing of what is inside when it fails, and reports it', async () => {
    const failing = await serveDesk({
      context: () => {
        throw new Error('no such column: secret_hash in /var/data');
      },
    });
    try {
      const response = await failing.ask('/api/status/show');
      const { detail } = await problemOf(response, 500, 'INTERNAL');
      expect(detail).not.toMatch(/secret|var/);
      expect(failing.reported).toHaveLength(1);
    } finally {
      await failing.close();
    }
  });

  test("reports nothing that is the caller's", () => {
    expect(served.reported).toEqual([]);
  });
});
