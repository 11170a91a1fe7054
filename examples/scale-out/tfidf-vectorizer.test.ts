import { describe, expect, it } from 'vitest'
import { TfidfVectorizer } from './tfidf-vectorizer.js'

const texts = ['One fish, two fish!', 'red FISH', '', 'Größe İstanbul ΟΔΟΣ ﬀ 東京都 naïve cafe\u0301']

/** The output of scikit-learn 1.9 for the texts above. */
const expected = {
  words: ['cafe', 'fish', 'größe', 'naïve', 'one', 'red', 'stanbul', 'two', 'οδος', '東京都'],
  indptr: [0, 3, 5, 5, 11],
  indices: [1, 4, 7, 1, 5, 0, 2, 3, 6, 8, 9],
  data: [
    0.7444497035180324, 0.47212002654617047, 0.47212002654617047, 0.6191302964899972, 0.7852882757103967,
    0.408248290463863, 0.408248290463863, 0.408248290463863, 0.408248290463863, 0.408248290463863,
    0.408248290463863,
  ],
}

describe('TfidfVectorizer', () => {
  it('gives the words, columns and values of scikit-learn', () => {
    const vectorizer = new TfidfVectorizer()
    const matrix = vectorizer.fitTransform(texts)
    expect(vectorizer.words).toEqual(expected.words)
    expect(matrix.shape).toEqual([texts.length, expected.words.length])
    expect([...matrix.indptr]).toEqual(expected.indptr)
    expect([...matrix.indices]).toEqual(expected.indices)
    for (const [index, value] of expected.data.entries()) expect(matrix.data[index]).toBeCloseTo(value, 12)
  })

  it('transforms other texts with the fitted vocabulary, and ignores unknown words', () => {
    const vectorizer = new TfidfVectorizer().fit(['one fish', 'red fish'])
    const matrix = vectorizer.transform(['blue fish', 'green'])
    expect(matrix.shape).toEqual([2, 3])
    expect([...matrix.indptr]).toEqual([0, 1, 1])
    expect([...matrix.indices]).toEqual([0])
    expect([...matrix.data]).toEqual([1])
  })

  it('starts over with every fit', () => {
    const vectorizer = new TfidfVectorizer().fit(['one fish'])
    expect(vectorizer.fit(['red herring']).words).toEqual(['herring', 'red'])
  })

  it('gives no rows for no texts', () => {
    expect(new TfidfVectorizer().fit(['one']).transform([]).shape).toEqual([0, 1])
  })

  it.each([[[]], [['']], [['a b c', '! é 東']]])('cannot be fitted to %j, which has no word', (empty) => {
    expect(() => new TfidfVectorizer().fitTransform(empty)).toThrow(/empty vocabulary/)
  })

  it('describes an input that is not a string', () => {
    expect(() => new TfidfVectorizer().fit(['one', undefined])).toThrow(
      'expected text 1 to be a string, came undefined',
    )
    expect(() => new TfidfVectorizer().fit('one')).toThrow('came one string')
  })

  it('cannot transform before it is fitted', () => {
    expect(() => new TfidfVectorizer().transform(['one'])).toThrow('not fitted')
  })
})
