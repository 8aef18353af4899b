// Tests the stems of the languages that a store can choose.
import { describe, expect, test } from 'bun:test';
import { fold } from '../text.ts';
import { isEnglish, isStopWord, LANGUAGES, otherStemsOf, stemOf, type Language } from './stems.ts';
import { wordsIn } from './words.ts';

const stemIn = (language: Language, word: string): string => stemOf(fold(word), language);

describe('a stem', () => {
  const SAME: [language: Language, one: string, other: string][] = [
    ['en', 'hiking', 'hikes'],
    ['en', 'knives', 'knife'],
    ['de', 'Kaffeemaschine', 'Kaffeemaschinen'],
    ['de', 'Weinglas', 'Weingläser'],
    ['de', 'Blumentopf', 'Blumentöpfe'],
    ['de', 'großer', 'grosses'],
    ['de', 'Kind', 'Kindern'],
    ['fr', 'cafetière', 'cafetieres'],
    ['fr', 'émaillée', 'emaillés'],
    ['fr', 'cheval', 'chevaux'],
    ['fr', 'gâteau', 'gateaux'],
    ['fr', 'léger', 'légères'],
    ['fr', 'randonnée', 'randonnees'],
  ];
  test.each(SAME)('in %s is the same of %p and %p', (language, one, other) => {
    expect(stemIn(language, one)).toBe(stemIn(language, other));
  });

  const DIFFERENT: [language: Language, one: string, other: string][] = [
    ['en', 'card', 'care'],
    ['de', 'Tasse', 'Tasche'],
    ['de', 'Regal', 'Regen'],
    ['fr', 'cheval', 'chapeau'],
    ['fr', 'verre', 'vert'],
  ];
  test.each(DIFFERENT)('in %s differs of %p and %p', (language, one, other) => {
    expect(stemIn(language, one)).not.toBe(stemIn(language, other));
  });

  test('is never empty', () => {
    for (const language of LANGUAGES) {
      for (const word of ['s', 'es', 'e', 'en', 'ing', 'x', '9', 'er']) {
        expect(stemOf(word, language)).not.toBe('');
      }
    }
  });
});

test('a word is indexed under the stems of every language', () => {
  const [{ text, tokens } = { text: '', tokens: [''] }] = wordsIn('Wanderschuhe');
  for (const language of LANGUAGES) {
    const [asked] = wordsIn('wanderschuhe', language);
    expect([...tokens, ...otherStemsOf(text)]).toEqual(
      expect.arrayContaining(asked?.tokens ?? ['none']),
    );
  }
});

test('stop words are those of the language, and English ones in each', () => {
  expect(isStopWord('und', 'de')).toBe(true);
  expect(isStopWord('und', 'fr')).toBe(false);
  for (const language of LANGUAGES) expect(isStopWord('the', language)).toBe(true);
});

test.each([
  ['A lamp for the road, made by hand.', true],
  ['Eine Lampe für die Straße, von Hand.', false],
  ['Une lampe pour la route.', false],
  ['Cotton, machine washable.', false],
  ['', false],
])('%p is English beyond doubt: %p', (text, isSo) => {
  expect(isEnglish(wordsIn(text).map((word) => word.text))).toBe(isSo);
});
