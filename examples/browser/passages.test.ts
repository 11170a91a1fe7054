import { expect, test } from 'vitest'
import { passagesOf } from './passages.js'
import { countTexts, vectorOf } from './trigrams.js'

const markdown = `# Replicas

A [replica](flow.md) that died is \`restarted\`, and its requests go to others.

\`\`\`ts
const code = 'is not a passage, however long this line may be'
\`\`\`

## Options

| option | what it does |
|---|---|
| \`retries\` | how often a request is sent to another replica |

* Short.
* An item of a list that goes on
  in the next line.
`

test('paragraphs, items and rows are passages, with the heading above them', () => {
  expect(passagesOf('replicas.md', markdown)).toEqual([
    {
      id: 'replicas.md-0',
      page: 'replicas.md',
      heading: 'Replicas',
      text: 'A replica that died is restarted, and its requests go to others.',
    },
    {
      id: 'replicas.md-1',
      page: 'replicas.md',
      heading: 'Options',
      text: 'retries – how often a request is sent to another replica',
    },
    {
      id: 'replicas.md-2',
      page: 'replicas.md',
      heading: 'Options',
      text: 'An item of a list that goes on in the next line.',
    },
  ])
})

test('the beginning of a word is nearer to texts with the word than to others', () => {
  const texts = ['a token in the header', 'shards of an index', 'replicas and their restarts']
  const frequencies = countTexts(texts)
  const vectors = texts.map((text) => vectorOf(text, frequencies))
  const query = vectorOf('tok', frequencies)
  const similarities = vectors.map((vector) => vector.reduce((sum, value, at) => sum + value * query[at]!, 0))
  expect(similarities.indexOf(Math.max(...similarities))).toBe(0)
  expect(Math.hypot(...query)).toBeCloseTo(1)
})
