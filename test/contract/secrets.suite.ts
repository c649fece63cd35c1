import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretsPort } from '../../core/ports/secrets.ts';
import { type PortUnderTest, unique } from './port-under-test.ts';

/** What every secrets adapter must do. */
export function secretsContract(name: string, makePort: () => Promise<PortUnderTest<SecretsPort>>): void {
  describe(`the secrets port on ${name}`, () => {
    let held: PortUnderTest<SecretsPort>;
    let secrets: SecretsPort;

    beforeAll(async () => {
      held = await makePort();
      secrets = held.port;
    });
    afterAll(() => held?.stop());

    it('gives back what was put under a reference', async () => {
      const reference = unique('secret');
      await secrets.put(reference, 'a value with żółw 🐢 and "quotes"\n');
      expect((await secrets.get(reference)).reveal()).toBe('a value with żółw 🐢 and "quotes"\n');
    });

    it('replaces a secret', async () => {
      const reference = unique('secret');
      await secrets.put(reference, 'old');
      await secrets.put(reference, 'new');
      expect((await secrets.get(reference)).reveal()).toBe('new');
    });

    it('keeps all of several secrets that are put at the same time', async () => {
      const references = Array.from({ length: 10 }, () => unique('secret'));
      await Promise.all(references.map((reference) => secrets.put(reference, `value of ${reference}`)));
      for (const reference of references) {
        expect((await secrets.get(reference)).reveal()).toBe(`value of ${reference}`);
      }
    });

    it('refuses a reference that is not known, and names the reference', async () => {
      const reference = unique('unknown');
      const refusal = await secrets.get(reference).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ name: 'PlimsollError', code: 'SECRET_UNKNOWN' });
      expect((refusal as Error).message).toContain(reference);
    });

    it('lists references, never values', async () => {
      const reference = unique('secret');
      await secrets.put(reference, 'hidden-value-1');
      const listed = await secrets.list();
      expect(listed).toContain(reference);
      expect(JSON.stringify(listed)).not.toContain('hidden-value-1');
    });

    it('never shows a value in text, JSON, an inspection, a spread or an error', async () => {
      const reference = unique('secret');
      await secrets.put(reference, 'hidden-value-2');
      const secret = await secrets.get(reference);
      const shown = [
        String(secret),
        `${secret}`,
        JSON.stringify({ secret }),
        inspect(secret, { depth: 9, showHidden: true }),
        inspect({ deep: { secret } }),
        JSON.stringify({ ...secret }),
        String(new Error(`it failed with ${secret}`)),
        inspect(new Error('it failed', { cause: secret })),
        JSON.stringify(Object.getOwnPropertyNames(secret)),
      ];
      for (const text of shown) expect(text).not.toContain('hidden-value-2');
      expect(String(secret)).toBe('[secret]');
    });

    it('never shows a value when the port itself is printed', async () => {
      await secrets.put(unique('secret'), 'hidden-value-3');
      expect(inspect(secrets, { depth: 9, showHidden: true })).not.toContain('hidden-value-3');
      expect(JSON.stringify(await secrets.get((await secrets.list())[0]))).toBe('"[secret]"');
    });
  });
}
