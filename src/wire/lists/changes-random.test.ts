import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { documentInit, plain, word } from '../../document/arbitraries.suite.js'
import { decodeField } from '../../document/codec.js'
import { field, presentFields } from '../../document/fields.js'
import { Document, DocumentArray } from '../../document/index.js'
import { atOnce } from '../../lib/slices.js'
import { anyDocument, documentsIn, id, listOf } from './arbitraries.suite.js'
import { mergeChanges } from './changes.js'

type Edit = (documents: Document[], at: number) => void

/** What an Executor may do to Documents. */
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.constant<Edit>((documents, at) => void documents.splice(at, 1)),
  fc.constant<Edit>((documents, at) => void documents.push(...documents.splice(at, 1))),
  fc.tuple(documentInit, id).map<Edit>(
    ([init, own]) =>
      (documents, at) =>
        documents.splice(at, 0, new Document({ ...init, id: own })),
  ),
  fc
    .record({ uri: word, text: word, weight: fc.constantFrom(0, 1, 2) }, { requiredKeys: [] })
    .map<Edit>((fields) => (documents, at) => void Object.assign(documents[at] ?? {}, fields)),
  fc.tuple(documentInit).map<Edit>(([{ embedding, scores }]) => (documents, at) => {
    const document = documents[at]
    if (document === undefined) return
    document.embedding = embedding
    if (scores !== undefined) document.scores = scores
  }),
  fc
    .tuple(fc.constantFrom('x', 'y', 'toString', '__proto__'), fc.constantFrom<unknown>(1, 'two', null))
    .map<Edit>(([key, value]) => (documents, at) => {
      const document = documents[at]
      if (document === undefined) return
      const others = Object.entries(document.tags).filter(([other]) => other !== key)
      document.tags = Object.fromEntries(value === null ? others.reverse() : [...others, [key, value]])
    }),
)

/** An edit of a Document of a list, or of its chunks or matches. */
const anyEdit: fc.Arbitrary<Edit> = fc
  .tuple(edit, fc.constantFrom('own', 'chunks', 'matches'), fc.nat({ max: 3 }))
  .map(([run, where, inner]) => (documents, at) => {
    if (where === 'own') return run(documents, at)
    const parent = documents[at]
    if (parent === undefined) return
    const children = [...parent[where as 'chunks' | 'matches']]
    run(children, inner)
    parent[where as 'chunks' | 'matches'] = new DocumentArray(children)
  })

const edits = fc.array(fc.tuple(anyEdit, fc.nat({ max: 3 })), { maxLength: 5 })

function edited(base: Uint8Array, given: readonly (readonly [Edit, number])[]): Uint8Array {
  const documents = [...DocumentArray.fromProtobuf(base)]
  for (const [run, at] of given) run(documents, at)
  return new DocumentArray(documents).toProtobuf()
}

test('random changes of random Documents are merged as the rules read', () => {
  fc.assert(
    fc.property(
      fc.array(anyDocument(1), { maxLength: 4 }).map(listOf),
      fc.array(fc.record({ edits, isWhole: fc.boolean() }), { minLength: 1, maxLength: 4 }),
      (base, branches) => {
        const lists = branches.map((branch) => ({
          list: edited(base, branch.edits),
          isWhole: branch.isWhole,
        }))
        const decoded = lists.map(({ list: bytes, isWhole }) => ({
          documents: allShown(DocumentArray.fromProtobuf(bytes)),
          isWhole,
        }))
        const expected = referenceMerge(allShown(DocumentArray.fromProtobuf(base)), decoded)
        expect(allShown(documentsIn(atOnce(mergeChanges(base, lists))))).toEqual(expected)
      },
    ),
    { numRuns: 200 },
  )
})

type Plain = Readonly<Record<string, unknown>> & { readonly id: string }

/** `mergeChanges` as its rules read, on decoded Documents and without regard to time. */
interface PlainBranch {
  readonly documents: readonly Plain[]
  readonly isWhole: boolean
}

/**
 * All properties of a Document; empty content and negative zeros are as if they had not been set. `mimeType` would be guessed
 * from other fields.
 */
function shown(document: Document): Plain {
  const all = plain(document)
  const { content, weight, offset, chunks, matches } = all as Record<string, { length?: number }>
  return {
    ...all,
    id: document.id,
    content: content?.length === 0 ? undefined : content,
    mimeType: ownMimeType(document.toProtobuf()),
    weight: weight || 0,
    offset: offset || 0,
    chunks: chunks && Array.from(document.chunks, shown),
    matches: matches && Array.from(document.matches, shown),
  }
}

function ownMimeType(bytes: Uint8Array): unknown {
  const isPresent = (presentFields(bytes, 0, bytes.length) & (1 << field.mimeType)) !== 0
  return isPresent ? decodeField(field.mimeType, { bytes, start: 0, end: bytes.length }) : ''
}

function allShown(documents: DocumentArray): readonly Plain[] {
  return Array.from(documents, shown)
}

function referenceMerge(base: readonly Plain[], branches: readonly PlainBranch[]): Plain[] {
  const lists = branches.map(({ documents }) => documents)
  const keysOf = (list: readonly Plain[]): string[] =>
    list.map(({ id }, at) => `${id}#${list.slice(0, at).filter((other) => other.id === id).length}`)
  const find = (list: readonly Plain[], key: string): Plain | undefined => list[keysOf(list).indexOf(key)]

  const lead = branches.find(({ documents }) => {
    const left = keysOf(base).filter((key) => keysOf(documents).includes(key))
    return !isDeepStrictEqual(left, keysOf(documents))
  })
  const order = new Set([lead?.documents ?? base, base, ...lists].flatMap(keysOf))

  return [...order].flatMap((key) => {
    const before = find(base, key)
    const versions = lists.flatMap((list) => find(list, key) ?? [])
    if (versions.length === 0) return []
    if (before !== undefined) {
      const deciding = branches.find(({ documents, isWhole }) => {
        const version = find(documents, key)
        return version === undefined ? isWhole : !isDeepStrictEqual(version, before)
      })
      if (deciding !== undefined && find(deciding.documents, key) === undefined) return []
    }
    return [mergeOne(before ?? shown(new Document({ id: versions[0]!.id })), versions)]
  })
}

function mergeOne(base: Plain, versions: readonly Plain[]): Plain {
  const names = Object.keys(base)
  return Object.fromEntries(
    names.map((name) => {
      const values = versions.map((version) => version[name])
      if (['tags', 'scores', 'evaluations'].includes(name)) return [name, mergeKeys(base[name], values)]
      if (name === 'chunks' || name === 'matches') {
        const branches = values.map((documents) => ({ documents: documents as Plain[], isWhole: true }))
        return [name, referenceMerge(base[name] as Plain[], branches)]
      }
      return [name, firstChange(base[name], values)]
    }),
  ) as Plain
}

function mergeKeys(base: unknown, values: readonly unknown[]): object {
  const maps = [base, ...values].map((value) => new Map(Object.entries(value as object)))
  const [before, ...after] = maps as [Map<string, unknown>, ...Map<string, unknown>[]]
  const keys = new Set(maps.flatMap((map) => [...map.keys()]))
  return Object.fromEntries(
    [...keys].flatMap((key) => {
      const chosen =
        after.find(
          (map) => map.has(key) !== before.has(key) || !isDeepStrictEqual(map.get(key), before.get(key)),
        ) ?? before
      return chosen.has(key) ? [[key, chosen.get(key)]] : []
    }),
  )
}

function firstChange(base: unknown, values: readonly unknown[]): unknown {
  const at = values.findIndex((value) => !isDeepStrictEqual(value, base))
  return at === -1 ? base : values[at]
}
