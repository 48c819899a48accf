import {test} from 'vitest'; import * as z from 'zod'; import {readFileSync} from 'node:fs';
import {formatProblems} from '@tillwatch/model';
import * as C from '/work/main/packages/config/src/index.ts';
import { parseUtf8Matchers } from '/work/main/packages/config/src/matchers/utf8-matchers.ts';
test('x',()=>{
 const S=z.strictObject({name:C.text(),every:C.duration().optional(),labels:C.labelsRecord().optional(),m:z.array(C.matcher()).optional(),u:z.union([C.duration(),z.literal('auto')]).optional(),list:z.union([z.string(),z.array(z.string())]).optional(),k:z.discriminatedUnion('kind',[z.strictObject({kind:z.literal('slack'),channel:C.text()}),z.strictObject({kind:z.literal('email'),to:C.text()})]).optional(),n:C.integer({min:1}).optional(),e:z.enum(['dev','ops']).optional(),on:C.flag().optional(),url:C.url().optional(), s: C.secretUrl().optional(), r: C.regex().optional()}).check(C.whole((v,fail)=>{fail('name','whole ran '+typeof v.every)}));
 for(const keep of [true,false]){
 const r=C.readYaml({file:'a.yml',text:`every: 5 minutes
nam: x
labels:
  9a: b
  c: [1]
m:
  - a=b
  - |
    foo ! "bar"
  - "x=~\\"a(\\""
u: 5
list: {a: 1}
k: {kind: sms, to: 3}
n: "5"
e: opps
on: maybe
url: example.org
s: ftp://secret/x
r: 'a('
labels: {}
e2: *foo
`},S,{keepSource:keep});
 console.log(formatProblems(r.problems));}
 console.log(formatProblems(C.readYaml({file:'a.yml',text:''},S).problems));
 console.log(formatProblems(C.readYaml({file:'a.yml',text:'BAD'},S).problems));
 console.log(formatProblems(C.readYaml({file:'a.yml',text:'name: x\nu:\nk:\n  kind: email\n'},S).problems));
 console.log(formatProblems(C.readYaml({file:'a.yml',text:'a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f]'},S).problems));
 console.log(formatProblems(C.readYaml({file:'a.yml',text:'['.repeat(100000)},S).problems).slice(0,100));
 console.log(formatProblems(C.readYaml({file:'a.yml',text:'a: &a\n  b: *a\n'},S).problems));
 for(const f of ['utf8','classic','fallback']){const d=JSON.parse(readFileSync('/work/shared/conformance/alertmanager/matchers-'+f+'.json','utf8'));
 for(const c of d.cases){let out,err;try{out=c.fn==='matcher'?[C.parseMatcher(c.input,f)]:C.parseMatchers(c.input,f)}catch(e){err=e}
  const got=out?.map(m=>({name:m.name,op:m.op,value:m.value}));
  if(!!out!==c.ok||c.ok&&JSON.stringify(got)!==JSON.stringify(c.matchers)||!c.ok&&!err.message.includes(c.error))console.log(c.id,JSON.stringify(c.input),c.error,'|',err?.message,JSON.stringify(got),JSON.stringify(c.matchers))}}
});
