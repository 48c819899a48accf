import fc from 'fast-check';
import { ourAnswer } from './promql-answers.ts';
import { queryableOf, randomSeries } from './promql-data.ts';
import { question } from './promql-expressions.ts';
const q = queryableOf(randomSeries(5));
const n = 3000; let v=0,e=0,r=0; const empties: string[]=[];
for (const one of fc.sample(question, { numRuns: n, seed: 7 })) { const a = ourAnswer(one, q); if (a.kind==='refused') r++; else if (a.series.size===0) { e++; empties.push(one.expr);} else v++; }
console.log({v,e,r}); 
