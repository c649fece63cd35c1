/**
 * Keys and tokens of an instance never reach a log, an error, a trace, the ledger or an answer: a live account is run through good and bad
 * days with keys that are known, and everything that it has printed, written or said is searched for them.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { operations } from '../../operations/index.ts';
import { pathOf } from '../../operations/path.ts';
import type { Fault } from '../adapters/venues/server/venue-server.ts';
import { type Running, until, type Workplace } from '../cli/plimsoll.ts';
import { LiveVenueServer, liveWorkplace, storeKeys } from '../platform/live-venue.ts';
import { formsOf, Search } from './search.ts';

const PATIENCE = 300_000;
const KEYS = { key: 'planted-api-key-9f3b71c2e8', secret: 'planted+secret/4d0a6c5b9e=' };
/** Given where none belongs, as a slip would. */
const SLIP = 'planted-slip-77aa31d0c4';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

const echo = `Invalid key ${Object.values(KEYS).flatMap(formsOf).join(' ')}`;
/** What a venue may do to any request. */
const FAULTS: readonly Fault[] = [
  { kind: 'status', status: 401, body: JSON.stringify({ code: -2015, msg: echo }) },
  { kind: 'status', status: 403, headers: { 'content-type': 'text/html' }, body: `<html>${echo}</html>` },
  { kind: 'html' },
  { kind: 'half body' },
  { kind: 'stall' },
  { kind: 'disconnect' },
];
const ASKED = ['/api/v3/account', '/api/v3/openOrders', '/api/v3/myTrades', 'POST /api/v3/order'];

test(
  'nothing that a live instance prints, writes, answers or throws shows its keys or its token',
  async () => {
    const server = await LiveVenueServer.open();
    Object.assign(server.accounts.binance.key, KEYS);
    const place = liveWorkplace(server);
    ended.push(
      () => server.close(),
      () => place.remove(),
    );
    const search = new Search({ ...KEYS, slip: SLIP });
    const said: Said = (what, { out, err }) => search.bytes(what, out + err);

    for (const what of ['secrets set', 'secrets set, once more']) {
      const { stdout, stderr } = storeKeys(place, KEYS);
      said(what, { out: stdout, err: stderr });
    }
    const platform = place.start('start', '--venue', 'live');
    const token = await tokenOf(platform);
    const armed = await place.run('live', 'arm', 'real', ...LIMITS, '--confirm', 'real');
    expect(armed.code).toBe(0);
    said('live arm', armed);
    await platform.printed(/filled +buy/);

    for (const fault of FAULTS) for (const path of ASKED) server.script(path, fault);
    await until(
      async () => server.met.length,
      (met) => met >= FAULTS.length * 2,
    );
    server.clearFaults();
    Object.assign(server.accounts.binance.key, { key: 'another' });
    await platform.printed(/ALERT VENUE_REFUSED/);
    await askEverything(place, search, await urlOf(platform), token);
    Object.assign(server.accounts.binance.key, KEYS);
    await runEverything(place, said);

    const killed = await platform.kill('SIGKILL');
    said('the platform that was killed', killed);
    expect(killed.out.split(token)).toHaveLength(2);
    expect(killed.err).toBe('');
    search.folder(place.directory);
    const again = place.start('start', '--venue', 'live');
    const secondToken = await tokenOf(again);
    await again.printed(/is reconciled with its venue at the start/);
    said('the platform that was stopped', await again.kill('SIGINT'));
    await slips(place, said);

    const everywhere = new Search({ ...KEYS, slip: SLIP, token, secondToken });
    everywhere.folder(place.directory);
    // The file that a person wrote the slip into is the one place where it is.
    expect(everywhere.found.filter((found) => !found.startsWith('slip.yaml'))).toEqual([]);
    expect(search.found).toEqual([]);
    expect(everywhere.places).toEqual(expect.arrayContaining([expect.stringMatching(/secrets\.enc$/)]));
    expect(everywhere.places.some((name) => name.endsWith('.log'))).toBe(true);
    expect(everywhere.places.some((name) => /sqlite|\.db/.test(name))).toBe(true);
    expect(everywhere.places.some((name) => name.includes('objects'))).toBe(true);
  },
  PATIENCE,
);

const LIMITS = ['--max-order-notional', '60', '--max-exposure', '150'];

/** The token is printed once, for its owner; anything else that says it would be found in a file or an answer. */
const tokenOf = async (platform: Running): Promise<string> => (await platform.printed(/#token=(\S+)/))[1];
const urlOf = async (platform: Running): Promise<string> =>
  (await platform.printed(/(http:\/\/127\.0\.0\.1:\d+)\//))[1];

/** Every query, and what is refused: without a token, with a wrong one, with input that is none. */
async function askEverything(place: Workplace, search: Search, url: string, token: string): Promise<void> {
  const answers = new Search({ ...KEYS, token });
  const ask = async (what: string, path: string, init: RequestInit): Promise<number> => {
    const response = await fetch(url + path, init);
    answers.bytes(what, `${JSON.stringify([...response.headers])}\n${await response.text()}`);
    return response.status;
  };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  let good = 0;
  for (const { name, kind } of operations) {
    if (kind === 'query') {
      const status = await ask(name, `${pathOf(name)}?account=real&symbol=BTC/USDT`, { headers });
      good += Number(status === 200) + Number((await ask(name, pathOf(name), { headers })) === 200);
    } else await ask(name, pathOf(name), { method: 'POST', headers, body: '{"account": 7}' });
    await ask(`${name}, refused`, pathOf(name), { headers: { authorization: `Bearer ${token.slice(0, -2)}` } });
  }
  expect(good).toBeGreaterThan(20);
  await ask('the API document', '/openapi.json', { headers });
  await ask('the page', '/', {});
  expect(answers.found).toEqual([]);
  search.places.push(...answers.places);
  expect(existsSync(join(place.directory, 'plimsoll-data'))).toBe(true);
}

type Said = (what: string, ended: { readonly out: string; readonly err: string }) => void;

/** Commands that look, replay, test and stop. */
async function runEverything(place: Workplace, said: Said): Promise<void> {
  const decision = await decisionOf(place);
  for (const command of [
    'status',
    'cycles',
    'strategies',
    'config show',
    'config show --json',
    'live show real --json',
    'secrets list --json',
    'risk report',
    'risk limits',
    'limits changes',
    'ledger verify --json',
    `replay ${decision}`,
    `replay ${decision} --json`,
    'op configuration.show',
    'op venues.list',
    'op ledger.page --input {"limit":1000}',
    'op backtests.run --input {"strategy":"flip"}',
    'halt --reason drill --flatten',
    'resume',
  ])
    said(command, await place.run(...command.split(' ')));
}

async function decisionOf(place: Workplace): Promise<string> {
  const { out } = await place.run('cycles', '--json', '--limit', '500');
  const { cycles } = JSON.parse(out) as { cycles: { cycle: number; steps: { step: string; verdict: string }[] }[] };
  const decided = cycles.find(({ steps }) =>
    steps.some(({ step, verdict }) => step === 'signal' && /^\d/.test(verdict)),
  );
  return String(decided?.cycle);
}

/** A secret where none belongs: in the file, in a variable, as an argument, as a key that is none, and a store that is damaged. */
async function slips(place: Workplace, said: Said): Promise<void> {
  const config = place.write(
    'slip.yaml',
    `venues: { loopback: { kind: ccxt, exchange: binance, apiKey: ${SLIP}, credentials: '${SLIP}!' } }\n`,
  );
  for (const command of ['config show', 'start', 'status']) {
    const refused = await place.run(...command.split(' '), '--config', config);
    expect(refused.code, command).not.toBe(0);
    said(`${command} with a key in the file`, refused);
  }
  const given = await place.run('secrets', 'set', 'loopback', SLIP);
  expect(given).toMatchObject({ code: 2, err: expect.stringContaining('not given as an argument') });
  said('secrets set with an argument', given);
  process.env.PLIMSOLL_VENUES__LOOPBACK__APIKEY = SLIP;
  said('a key in a variable', await place.run('config', 'show'));
  delete process.env.PLIMSOLL_VENUES__LOOPBACK__APIKEY;
  const embedded = openEmbedded({ directory: join(place.directory, 'plimsoll-data'), role: 'visitor' });
  await embedded.secrets.put('loopback', `{"apiKey":"${KEYS.key}","secrt":"${KEYS.secret}"`);
  await embedded.close();
  const start = place.start('start', '--venue', 'live');
  await start.printed(/ALERT VENUE_KEYS_UNREADABLE/);
  said('keys that cannot be read', await start.kill('SIGINT'));
  writeFileSync(join(place.directory, 'plimsoll-data', 'secrets.enc'), 'damaged');
  said('a store that is damaged', await place.run('secrets', 'list'));
}
