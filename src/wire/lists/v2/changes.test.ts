import { expect, test } from 'vitest'
import { atOnce } from '../../../lib/slices.js'
import { mergeChanges } from '../changes.js'
import { sortedAs } from '../sort.js'
import { Docs, listOfV2, type Plain, plainDocs } from './fixture.suite.js'

function changed(base: readonly Plain[], ...branches: readonly (readonly Plain[])[]): Plain[] {
  const lists = branches.map((docs) => ({ list: listOfV2(...docs), isWhole: true }))
  return plainDocs(atOnce(mergeChanges(listOfV2(...base), lists)))
}

const base: Plain = {
  id: 'a',
  text: 'old',
  words: ['x'],
  labels: new Set(['l', 'm']),
  tags: { a: 1, b: 1 },
  chunks: new Docs({ id: 'c', text: 'old' }, { id: 'd', text: 'old' }),
}

test('what one branch changed counts, and not what the others left alone', () => {
  expect(
    changed(
      [base],
      [{ ...base, text: 'new', tags: { a: 2, b: 1 } }],
      [{ ...base, words: ['x', 'y'], tags: { a: 1, b: 1, c: 3 } }],
      [base],
    ),
  ).toEqual([{ ...base, text: 'new', words: ['x', 'y'], tags: { a: 2, b: 1, c: 3 } }])
})

test('the first branch that changed a field counts, also if it removed the value', () => {
  expect(changed([base], [{ ...base, text: null }], [{ ...base, text: 'b' }])).toEqual([
    { ...base, text: null },
  ])
  expect(changed([base], [{ ...base, words: ['1'] }], [{ ...base, words: ['2'] }])).toEqual([
    { ...base, words: ['1'] },
  ])
})

test('lists of documents are merged by id: changed, removed and added ones', () => {
  const [c, d] = (base['chunks'] as Docs).docs as [Plain, Plain]
  expect(
    changed(
      [base],
      [{ ...base, chunks: new Docs({ ...c, text: 'new' }, d) }],
      [{ ...base, chunks: new Docs(c, { id: 'e', text: 'added' }) }],
    ),
  ).toEqual([{ ...base, chunks: new Docs({ ...c, text: 'new' }, { id: 'e', text: 'added' }) }])
})

test('maps and sets in another order are not changed', () => {
  const again = {
    text: 'old',
    ...base,
    labels: new Set(['m', 'l']),
    tags: { b: 1, a: 1 },
  }
  expect(changed([base], [again], [{ ...base, labels: new Set(['n']) }])).toEqual([
    { ...base, labels: new Set(['n']) },
  ])
  // the first branch removed the document, and the second did not change it
  expect(changed([base, { ...base, id: 'b' }], [base], [again, { ...base, id: 'b' }])).toEqual([base])
})

test('documents are put into the order of the request by their ids', () => {
  const list = listOfV2({ id: 'c', text: '3' }, { id: 'new', text: '' }, { id: 'a', text: '1' })
  const pieces = atOnce(sortedAs(list, listOfV2({ id: 'a', text: '' }, { id: 'c', text: '' })))
  expect(plainDocs(pieces!).map(({ id }) => id)).toEqual(['a', 'c', 'new'])
})
