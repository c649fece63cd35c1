/**
 * Whole reports as they were read and found right, as data and as pages; the style is left out. After a change that is meant:
 * `PLIMSOLL_WRITE_PAGES=1 npm test -- test/core/risk/report-pages.test.ts`, and read what differs.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { liveSchema } from '../../../core/configuration/schema.ts';
import { Engine } from '../../../core/engine/engine.ts';
import type { LiveAccount } from '../../../core/execution/live/account.ts';
import { CAPS, CHECKS, OF_EVERY_ORDER, SIZED, SMALLEST } from '../../../core/risk/controls/index.ts';
import { DENIAL_MEANINGS } from '../../../core/risk/denial-meanings.ts';
import { limitsSchema } from '../../../core/risk/limits.ts';
import { riskReportHtml } from '../../../core/risk/report/html.ts';
import { limitStates } from '../../../core/risk/report/limit-use.ts';
import type { RiskReport } from '../../../core/risk/report.ts';
import { perpetual } from '../engine/account.ts';
import { B, closesOf, HOLDINGS, longReport, RETURNS, reportOf, scenario, standing, TIME } from './report-support.ts';

const folder = join(import.meta.dirname, 'pages');

/** Real money, armed, halted, not heard of in this cycle, and a minute late. */
function ofRealMoney(): RiskReport {
  const { definition } = standing();
  const engine = new Engine({ ...definition, provenance: 'live', live: liveSchema.parse({}) });
  engine.restore({ ...engine.snapshot(), ...withoutLive(standing().snapshot()) });
  Object.assign(engine.live as LiveAccount, { arming: { maxOrderNotional: 10_000, maxExposure: 600_000 } });
  engine.tradingState = 'Halted';
  return reportOf(engine, { account: 'real', now: TIME + 3_600_000 });
}

const withoutLive = ({ live: _, ...rest }: ReturnType<Engine['snapshot']>) => rest;

const nothingHeld = (): RiskReport =>
  reportOf(standing({ holdings: HOLDINGS.map((one) => ({ ...one, units: 0, working: 0 })), dayStart: 0, peak: 0 }), {
    closes: new Map(),
    scenarios: [],
  });

const withoutPrice = (): RiskReport =>
  reportOf(standing({ holdings: [HOLDINGS[0], { instrument: B, units: 20, price: 0 }] }));

const short = (): RiskReport =>
  reportOf(
    standing({ holdings: [{ instrument: perpetual(), units: -20, price: 100, working: 10 }], cash: 3_000, peak: 900 }),
    {
      closes: new Map([['P/USD', closesOf(RETURNS)]]),
      scenarios: [scenario({ 'P/USD': { change: 0.25, lowest: -0.1, highest: 0.4 } })],
      date: '2023-11-13',
    },
  );

test.each(
  Object.entries({
    long: longReport,
    'real-money': ofRealMoney,
    'nothing-held': nothingHeld,
    'without-price': withoutPrice,
    short,
  }),
)('the report %s is as it was found right', (name, made) => {
  const report = made();
  holdsAgainst(`${name}.json.txt`, `${JSON.stringify(report, null, 1)}\n`);
  holdsAgainst(`${name}.html.txt`, `${riskReportHtml(report).replace(/<style>[\s\S]*?<\/style>/, '')}\n`);
});

test('what every control and every limit says of itself is as it was found right', () => {
  const controls = [...OF_EVERY_ORDER, ...CHECKS, ...CAPS, ...SMALLEST, ...SIZED].map((control) => ({
    ...control,
    meaning: DENIAL_MEANINGS[control.code],
  }));
  holdsAgainst('controls.json.txt', `${JSON.stringify(controls, null, 1)}\n`);
  holdsAgainst('limits.json.txt', `${JSON.stringify(limitStates(limitsSchema.parse({})), null, 1)}\n`);
});

function holdsAgainst(file: string, text: string): void {
  const path = join(folder, file);
  if (process.env.PLIMSOLL_WRITE_PAGES) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, 'utf8'));
}
