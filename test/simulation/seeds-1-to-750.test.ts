import { seedTests } from './seeds.ts';

seedTests({ first: 1, last: 750 });
