import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CAPS, CHECKS, OF_EVERY_ORDER, SIZED, SMALLEST } from '../../core/risk/controls/index.ts';
import { DENIAL_CODES } from '../../core/risk/denial.ts';
import { PAGES, RATIONALES } from '../../scripts/reference.ts';

const root = join(import.meta.dirname, '../..');

test.each(Object.entries(PAGES))('%s is what the code says', (path, page) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(page());
});

test('every denial code belongs to one control, with an owner and a rationale', () => {
  const controls = [...OF_EVERY_ORDER, ...CHECKS, ...CAPS, ...SMALLEST, ...SIZED];
  expect(controls.map(({ code }) => code).sort()).toEqual(DENIAL_CODES.filter((code) => code !== 'NONE').sort());
  for (const { code, owner } of controls) {
    expect([code, ['trader', 'risk', 'operations'].includes(owner)]).toEqual([code, true]);
    expect([code, (RATIONALES.get(code) ?? '').length > 20]).toEqual([code, true]);
  }
});
