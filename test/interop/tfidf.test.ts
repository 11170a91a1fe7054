import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { generateCorpus } from '../../examples/scale-out/corpus/generate.js'
import { seededRandom } from '../../examples/scale-out/corpus/random.js'
import { pythonLower, pythonWords } from '../../examples/scale-out/tfidf/python-text.js'
import type { WeightOptions } from '../../examples/scale-out/tfidf/weights.js'
import { TfidfVectorizer } from '../../examples/scale-out/tfidf-vectorizer.js'
import { runPython } from './python.js'
import { handmade, hostileText } from './tfidf-texts.js'

interface Matrix {
  shape: number[]
  indptr: number[]
  indices: number[]
  data: number[]
}

interface Case {
  texts: string[]
  others: string[]
  options: Record<string, unknown>
  own?: WeightOptions
}

type Answer = { error: string } | { words: string[]; fitted: Matrix; others?: Matrix }

const random = seededRandom(7)
const corpus = [...generateCorpus(500, 1)]

const cases: Record<string, Case[]> = {
  'handmade texts': [
    { texts: handmade, others: handmade.toReversed(), options: {} },
    ...handmade.map((text) => ({ texts: [text], others: [], options: {} })),
  ],
  'random hostile texts': Array.from({ length: 60 }, () => ({
    texts: Array.from({ length: 1 + random(25) }, () => hostileText(random)),
    others: Array.from({ length: 5 }, () => hostileText(random)),
    options: {},
  })),
  'English-like texts, batch by batch': Array.from({ length: 4 }, (_, batch) => ({
    texts: corpus.slice(batch * 100, batch * 100 + 100),
    others: corpus.slice(400),
    options: {},
  })),
  'every option': (
    [
      [{ norm: 'l1' }, { norm: 'l1' }],
      [{ norm: null }, { norm: null }],
      [{ useIdf: false }, { use_idf: false }],
      [{ smoothIdf: false }, { smooth_idf: false }],
      [{ sublinearTf: true }, { sublinear_tf: true }],
    ] as const
  ).map(([own, options]) => ({ texts: corpus.slice(0, 50), others: corpus.slice(50, 60), own, options })),
  'nothing to count': [[], [''], ['a b c', '! é 東'], ['\ud800\ud800 \u0301\u0301']].map((texts) => ({
    texts,
    others: [],
    options: {},
  })),
}

describe('TfidfVectorizer and scikit-learn agree', () => {
  let answers: Map<string, Answer[]>

  beforeAll(async () => {
    const flat = await runPython<Answer[]>('tfidf.py', { cases: Object.values(cases).flat() })
    answers = new Map(Object.entries(cases).map(([name, list]) => [name, flat.splice(0, list.length)]))
  })

  it.each(Object.keys(cases))('on %s', (name) => {
    for (const [index, { texts, others, own }] of (cases[name] as Case[]).entries()) {
      const expected = (answers.get(name) as Answer[])[index] as Answer
      const vectorizer = new TfidfVectorizer(own)
      if ('error' in expected) {
        expect(() => vectorizer.fitTransform(texts), JSON.stringify(texts)).toThrow('empty vocabulary')
        expect(expected.error).toContain('empty vocabulary')
        continue
      }
      const fitted = vectorizer.fitTransform(texts)
      expect(vectorizer.words).toEqual(expected.words)
      expectSame(fitted, expected.fitted)
      expectSame(new TfidfVectorizer(own).fit(texts).transform(texts), expected.fitted)
      if (expected.others) expectSame(vectorizer.transform(others), expected.others)
    }
  })

  it('has texts with and without words', () => {
    expect(answers.get('nothing to count')?.every((answer) => 'error' in answer)).toBe(true)
    expect(answers.get('random hostile texts')?.some((answer) => 'words' in answer)).toBe(true)
  })
})

describe('every code point', () => {
  it('is lower-cased, and counted as part of a word or not, as in Python 3.11', async () => {
    const block = 4096
    const patterns = ['AΣ*A', 'A*Σ', '*Σ', 'AΣ*', '*', 'BΣ*Σ']
    const answer = await runPython<{ unicode: string; blocks: string[][] }>('tfidf.py', { block, patterns })
    expect(answer.unicode, 'a Python whose Unicode tables are those of 3.11').toBe('14.0.0')
    const blocks: string[][] = []
    for (let start = 0; start < 0x110000; start += block) {
      const characters = Array.from({ length: block }, (_, index) => start + index)
        .filter((code) => code < 0xd800 || code > 0xdfff)
        .map((code) => String.fromCodePoint(code))
      const lines = characters.flatMap((character) =>
        patterns.map((pattern) => pattern.replace('*', () => character)),
      )
      const words = pythonWords(characters.map((character) => character + character).join(' '))
      blocks.push([digest(pythonLower(lines.join('\n'))), digest([...words].join('\n'))])
    }
    expect(blocks).toEqual(answer.blocks)
  }, 240_000) // 6.7 million lines: seven seconds on an idle machine
})

function expectSame(
  matrix: {
    shape: readonly number[]
    indptr: ArrayLike<number>
    indices: ArrayLike<number>
    data: ArrayLike<unknown>
  },
  expected: Matrix,
): void {
  expect(matrix.shape).toEqual(expected.shape)
  expect(Array.from(matrix.indptr)).toEqual(expected.indptr)
  expect(Array.from(matrix.indices)).toEqual(expected.indices)
  const furthest = Array.from(matrix.data as ArrayLike<number>).reduce(
    (distance, value, index) => Math.max(distance, Math.abs(value - (expected.data[index] as number))),
    0,
  )
  expect(furthest).toBeLessThan(1e-12)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
