import { seedTests } from './seeds.ts';

seedTests({ first: 751, last: 1500 });
