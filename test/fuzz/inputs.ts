// Every input follows from a seed, a parser's name and a number, so that what broke something can be made again.
import { type Random, randomFrom } from '../support/promql-data.ts';
import type { Grammar, Subject } from './subject.ts';

/** Longer inputs find little that shorter ones do not, and make everything slow. */
const LONGEST = 4_000;
/** Every so many inputs one is long: a short stretch said again and again, which is where parsers are slow or deep. */
const LONG_EVERY = 1_000;
const LONG = 60_000;

/** Names that every object inherits, edges of numbers, and characters that are more than one of something. */
const NASTY = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '0',
  '-0',
  '1e999',
  '-1',
  '9007199254740993',
  '18446744073709551616',
  'NaN',
  '+Inf',
  '0x1p-2',
  '1_000',
  '\u0000',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '\ufeff',
  'ü',
  '🛒',
  '\ud83d',
  '\udc80',
  '\u2028',
  '\\',
  '"',
  "'",
  '`',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
];
const NASTY_BYTES = [
  '\x00',
  '\x00\x00',
  '\x7f',
  '\x80',
  '\xff',
  '\xff\xff\xff\xff\xff\xff\xff\x7f',
  '\x80'.repeat(12),
  '\x80'.repeat(200),
  '\xff'.repeat(40),
];

/** The input of this number. */
export function inputOf(subject: Subject, seed: number, number: number): string {
  const random = randomFrom(hash(`${seed} ${subject.name} ${number}`));
  // Each seed is read once as it is: it has to be valid.
  const whole = subject.seeds[number];
  if (whole !== undefined) return whole;
  if (number % LONG_EVERY === LONG_EVERY - 1) return longInput(subject, random);
  const isMade = subject.grammar !== undefined && random() < 0.5;
  const text = isMade ? made(subject.grammar as Grammar, random) : pick(subject.seeds, random);
  // What the grammar makes is often valid, and is to be read so, too.
  const times = isMade && random() < 0.5 ? 0 : 1 + Math.floor(random() ** 3 * 8);
  let mutated = text;
  for (let i = 0; i < times; i++) mutated = mutate(mutated, subject, random);
  return wellFormed(mutated.slice(0, LONGEST));
}

function longInput(subject: Subject, random: Random): string {
  const from = pick(subject.seeds, random);
  const unit = random() < 0.5 ? word(subject, random) : stretchOf(from, random, 20);
  const before = random() < 0.5 ? '' : from.slice(0, Math.floor(random() * from.length));
  const repeated = (unit === '' ? '(' : unit).repeat(Math.ceil(LONG / Math.max(1, unit.length)));
  return wellFormed(before + repeated + (random() < 0.5 ? '' : from.slice(-20)));
}

/** Texts come as UTF-8, which has no halves of characters. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? Buffer.from(text).toString() : text;
}

function mutate(text: string, subject: Subject, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  const rest = (length: number) => text.slice(0, at) + text.slice(at + length);
  switch (Math.floor(random() * 8)) {
    case 0:
      return rest(1);
    case 1:
      return rest(1 + Math.floor(random() * 20));
    case 2:
      return text.slice(0, at) + character(subject, random) + text.slice(at);
    case 3:
      return text.slice(0, at) + character(subject, random) + text.slice(at + 1);
    case 4:
    case 5:
      return text.slice(0, at) + word(subject, random) + text.slice(random() < 0.5 ? at : at + 1);
    case 6: {
      // A stretch of it again, or of another seed.
      const from = random() < 0.5 ? text : pick(subject.seeds, random);
      return text.slice(0, at) + stretchOf(from, random, 60) + text.slice(at);
    }
    default:
      return random() < 0.5 ? text.slice(0, at) : swapped(text, random);
  }
}

function swapped(text: string, random: Random): string {
  const [a, b, c] = [random(), random(), random()]
    .map((share) => Math.floor(share * text.length))
    .sort((x, y) => x - y);
  return text.slice(0, a) + text.slice(b, c) + text.slice(a, b) + text.slice(c);
}

function stretchOf(text: string, random: Random, longest: number): string {
  const from = Math.floor(random() * text.length);
  return text.slice(from, from + 1 + Math.floor(random() * longest));
}

function word(subject: Subject, random: Random): string {
  const nasty = subject.isBytes === true ? NASTY_BYTES : NASTY;
  return pick(subject.words.length > 0 && random() < 0.6 ? subject.words : nasty, random);
}

function character(subject: Subject, random: Random): string {
  if (subject.isBytes === true) return String.fromCharCode(Math.floor(random() * 256));
  return random() < 0.9
    ? String.fromCharCode(32 + Math.floor(random() * 95))
    : String.fromCharCode(Math.floor(random() * 65_536));
}

/** A text by the rules of a grammar; when it gets deep, by the first way of each rule, which must come to an end. */
function made(grammar: Grammar, random: Random): string {
  let left = 200;
  const write = (name: string, depth: number): string => {
    const ways = grammar[name] ?? [];
    const way = depth > 12 || left-- < 0 ? (ways[0] as string) : pick(ways, random);
    return way.replace(/<(\w+)>/g, (text, part: string) =>
      Object.hasOwn(grammar, part) ? write(part, depth + 1) : text,
    );
  };
  return write('start', 0);
}

function pick<T>(all: readonly T[], random: Random): T {
  return all[Math.floor(random() * all.length)] as T;
}

function hash(text: string): number {
  let state = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x0100_0193);
  return state >>> 0;
}
