import { acting } from './act.ts';

export default acting('retired');
