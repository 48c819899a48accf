import { expect, test } from 'vitest';
import { unescapeName } from '../src/name-escaping.ts';

test.for([
  ['plain', 'plain'],
  ['U__', ''],
  ['U__http_2e_route', 'http.route'],
  ['U__a__b', 'a_b'],
  ['U___82b1__706b_', '花火'],
  ['U__till_20__1F6D2_', 'till 🛒'],
  ['__U__http_2e_route', '__U__http_2e_route'],
  // As they are, since they are not encoded correctly: no end, no code, too many digits, no hexadecimal ones, no character.
  ['U__a_', 'U__a_'],
  ['U__a_2e', 'U__a_2e'],
  ['U__a_0000002e_', 'U__a_0000002e_'],
  ['U__a_xy_', 'U__a_xy_'],
  ['U__a_d800_', 'U__a_d800_'],
] as const)('%s is %s', ([name, expected]) => expect(unescapeName(name)).toBe(expected));
