// Tests which passwords are too common to be chosen.
import { describe, expect, test } from 'bun:test';
import { assertUncommon } from './common-passwords.ts';

describe('a new password', () => {
  test.each(['password', 'Password123', '12345678', 'QWERTYUIOP', 'iloveyou1', 'princess1'])(
    'is not %s',
    (password) => {
      expect(() => assertUncommon('newPassword', password)).toThrow(/^newPassword: is one of/);
    },
  );

  test.each(['a password of these tests', 'correct horse battery staple', 'xK3$vv9!qZ'])(
    'may be %s',
    (password) => expect(() => assertUncommon('password', password)).not.toThrow(),
  );
});
