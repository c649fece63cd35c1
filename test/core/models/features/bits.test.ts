import { describe, expect, test } from 'vitest';
import { catalogue } from '../../../../core/indicators/catalogue.ts';
import { FAMILIES } from '../../../../core/models/features/families.ts';
import { featureOf } from '../../../../core/models/features/feature-set.ts';
import { walk } from '../walk.ts';
import { hashOfBits } from './bits.ts';

/** Short and long windows, one of them longer than what a loop takes at once. */
const LENGTHS = [2, 5, 14, 63, 100, 1_500];
const BARS = walk(8_000);
/** Prices whose sums and squares are not whole below 2^53: here the order of additions is in the bits. */
const LARGE = walk(3_000, 2, 1_000_000_000);

// Recorded before the loops were made fast: values, and the states that checkpoints hold. A hash may change here only with the name of what
// it is of, for models were trained on these values. By family or indicator, on BARS and on LARGE.
const FAMILY_BITS: { readonly [family: string]: readonly [string, string] } = {
  return: ['487f1cc27d3db25c', 'cd7b252c4f8bd890'],
  rsi: ['3960f69169e4bf6b', '05bef3e7971b3302'],
  cci: ['22e8e674ec4e21ca', '39b717cf04286f1c'],
  cmo: ['0d6448c6b997ee55', '92007b518937736c'],
  mfi: ['c461a75028846b71', '5c70bf600af05536'],
  'williams-r': ['1b6bfdcd5e6582d8', 'a0f7ad37fd79f247'],
  adx: ['1918bb2063fb0175', 'ed23b9d413a29b0a'],
  direction: ['9acb2b3591f58298', '6269333f6fa9d212'],
  aroon: ['b2527b91ad95a50a', 'e4a4af94990d6c86'],
  stochastic: ['305a894c117e0405', '4c089814cdd27dee'],
  macd: ['ca93a3a736b25696', 'a06c20877ab919bf'],
  'macd-histogram': ['f99c1c33492f93f2', '16ec06727d06d6af'],
  'above-sma': ['2dd9fc39c8c36cf0', '66ed0ff56aeb31c8'],
  'above-ema': ['910d9d1601931072', 'ae673904c552f522'],
  slope: ['b43eec73c903bb8b', '57facf92e7a04748'],
  'band-position': ['7b2cc6242476db91', '966c3b1987cd0f54'],
  'band-width': ['25271c8581fc194e', '77dd353a3c4392d2'],
  'range-position': ['4f0e491dd0bd432a', '0afe03cb10eb83e5'],
  'atr-share': ['4607cc7e92324cd3', '6a31f2d556690655'],
  'atr-ratio': ['727397ce73924173', 'ae26a3a7ae2e920a'],
  body: ['f5abe546c3d31688', 'cadb17541048464d'],
  'upper-shadow': ['81a8c73bdb72c031', 'c1fb8de45e038e6d'],
  'lower-shadow': ['554eaf2b945521c4', '789cd91cece27c56'],
  'hour-sin': ['5343c09af259e85c', '4703a9c6b19dc867'],
  'hour-cos': ['fa1019b7eb400742', '610d80cd1ab812cd'],
  'week-sin': ['e555a3ac4961fa5f', '55052412487643cb'],
  'week-cos': ['03fae0ebcca86435', '6bb89c60d27baf8c'],
};

const INDICATOR_BITS: { readonly [name: string]: readonly [string, string] } = {
  adx: ['114b735a0a702859', '8e116e9d3a51ef5c'],
  aroon: ['d259ff7bd2ae8166', '05fed6643f32d769'],
  atr: ['fe2fd02f784909db', 'ddbac806f9eef553'],
  bollinger: ['d520f334e60a69a1', '880a13a06eae0147'],
  cci: ['406e426694ccdedf', '38f4e2e9c2f194d5'],
  cmo: ['f0c903e447bce6cb', 'af50b837e853c0a5'],
  dema: ['99aeb6c227993ea2', '24a210a70eb34b70'],
  donchian: ['dd9f2fe277726b86', 'b6b33e0c39d71559'],
  ema: ['3d2541ad2fb1a1ab', '7434d7d8d4eeaa8f'],
  hma: ['c580d86a82a6fc24', 'd24300081c287279'],
  ichimoku: ['e8d11a4a6169c580', 'd292d617991ea4af'],
  keltner: ['35a81e6fa0cde402', 'de67416d365309ce'],
  linearRegressionSlope: ['82250f705ff893c9', 'c83ef80fd6cff997'],
  macd: ['8261d8ccb1b9fc1d', 'b0f1e9668da7fa4d'],
  mfi: ['9e5f7c3513823a98', '0c74b519a9a05ae9'],
  obv: ['e61bfef9aa6be2bf', 'b9691de735f4f0b4'],
  parabolicSar: ['077774e0eaf5131c', 'f1abbe586a31a898'],
  roc: ['b21c96aa92c53782', '1e4a60dc66c3a088'],
  rollingVwap: ['8aabfff7f495778b', '47474e5cb1347215'],
  rsi: ['18d80f22dffdc181', '95875fb6c4ae5cf5'],
  sma: ['0eea2ad620016f4f', '67949a88097cc48b'],
  stddev: ['7ccb645fcc250fb3', 'c15a47ddc4b1813b'],
  stochastic: ['3578e5872d7c83fb', '3a13ece67b3a9dc0'],
  superTrend: ['971d898c45d2244a', '3292150cdb6a9768'],
  tema: ['681511c1148ec4f4', '53205151334dd101'],
  trix: ['7ec09de790b860f2', 'e9d584cefe2521a7'],
  vwap: ['8b54d0b0e43daaf1', '931bb51a85e266a3'],
  williamsR: ['c844c15c0f36e934', 'ed53e7799feac2d8'],
  wma: ['cb1e847fa552445c', '81b16292095b904f'],
};

describe.each(Object.entries(FAMILIES))('the family %s', (family, { lengths }) => {
  test('has the bits that it has always had', () => {
    const names =
      lengths === 0
        ? [family]
        : LENGTHS.map((length, k) =>
            [family, length, LENGTHS[(k + 1) % LENGTHS.length]].slice(0, 1 + lengths).join('-'),
          );
    const specs = names.map(featureOf);
    expect([hashOfBits(specs, BARS), hashOfBits(specs, LARGE)]).toEqual(FAMILY_BITS[family]);
  });
});

test.each(catalogue)('the indicator $name has the bits that it has always had', ({ name, standard }) => {
  expect([hashOfBits([standard], BARS), hashOfBits([standard], LARGE)]).toEqual(INDICATOR_BITS[name]);
});
