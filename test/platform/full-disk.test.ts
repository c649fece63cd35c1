import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until, Workplace } from '../cli/plimsoll.ts';
import { kindOfDisk, smallDisk } from './small-disk.ts';

test(`a disk that fills up under the platform (${kindOfDisk}) stops it with one sentence, and with room again it goes on`, async () => {
  const place = new Workplace();
  const disk = await smallDisk(join(place.directory, 'plimsoll-data'));
  const plimsoll = (...args: string[]) => place.startThrough(disk.through, ...args);
  const verified = async () => (await plimsoll('ledger', 'verify').ended).out;
  const newestCycle = async (): Promise<number> => {
    const { out } = await plimsoll('cycles', '--json', '--limit', '1').ended;
    return JSON.parse(out).cycles[0]?.cycle ?? 0;
  };
  try {
    const platform = plimsoll('start');
    await platform.printed(disk.fillsAfter);
    disk.fill();
    const ended = await platform.ended;
    expect(ended.err).toMatch(disk.failure);
    expect(ended.code).toBe(1);
    expect(ended.out).not.toMatch(/nothing is lost by it/);

    disk.makeRoom();
    const kept = await newestCycle();
    const before = /^local\/quick: holds, (\d+) events .*\n$/.exec(await verified());
    expect(before).not.toBeNull();
    const again = plimsoll('start');
    await until(newestCycle, (cycle) => cycle > kept);
    await again.printed(/filled/);
    expect(await again.kill('SIGINT')).toMatchObject({ code: 0, err: '' });
    const after = /^local\/quick: holds, (\d+) events/.exec(await verified());
    expect(Number(after?.[1])).toBeGreaterThan(Number(before?.[1]));
  } finally {
    place.remove();
    disk.remove();
  }
}, 120_000);
