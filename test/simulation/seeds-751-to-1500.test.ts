import { seedTests } from './seeds.ts';

seedTests({ first: 751, last: 1500 });
// A person disarms a live account while a part of a worked order waits to be sent.
seedTests({ first: 20_510, last: 20_510 });
