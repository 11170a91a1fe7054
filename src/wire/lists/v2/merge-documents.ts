import { atOnce } from '../../../lib/slices.js'
import { alone, type Group, groupById } from '../group.js'
import type { Identified } from '../list.js'
import { best } from '../rank.js'
import type { MatchOrder } from '../ranking.js'
import { Rope } from '../rope.js'
import { type Entry, entriesIn, memberTag, membersIn, type Range, type Value, valueOf } from './entries.js'
import { outlineOfV2 } from './outline.js'
import { scoresOfV2 } from './scores.js'
import { addRange, checkDepth, copyEntry, writeEntry, writeMember } from './write.js'

/** Documents with the same id, the earliest first. */
interface Merge {
  readonly documents: Group<Identified>['documents']
  readonly ranking: MatchOrder
}

interface Merging {
  readonly ranking: MatchOrder
  readonly depth: number
}

/**
 * Writes the merge of documents of v2 with the same id as a member of a list, by the rules of DocArray 0.41 (`BaseDoc.update`): of each field
 * the last value that is not None; lists are concatenated, sets united, dicts updated; documents are merged in the same way, and lists
 * of them by id. `matches` are ranked. Writes the original bytes when nothing changes.
 */
export function writeMergedV2(
  target: Rope,
  _tag: number,
  { documents, ranking, depth = 0 }: Merge & { readonly depth?: number },
): void {
  const [own] = documents
  if (documents.length === 1 && !isCut(ranking)) return target.add(own.bytes, own.from, own.end)
  const content = new Rope()
  mergeFields(content, documents, { ranking, depth })
  // a limit only removes matches, so content of the same length is unchanged
  if (documents.length === 1 && content.length === own.end - own.start)
    return target.add(own.bytes, own.from, own.end)
  writeMember(target, content)
}

const isCut = (ranking: MatchOrder): boolean => ranking !== null && ranking.limit !== null

function mergeFields(target: Rope, documents: readonly Range[], merging: Merging): void {
  checkDepth(merging.depth)
  for (const [name, entries] of byName(documents)) mergeField(target, name, { entries, merging })
}

/** The entries of several maps by key, in order of first occurrence. */
function byName(maps: readonly Range[]): ReadonlyMap<string, [Entry, ...Entry[]]> {
  const found = new Map<string, [Entry, ...Entry[]]>()
  for (const map of maps) {
    for (const [name, entry] of entriesIn(map)) {
      const entries = found.get(name)
      if (entries === undefined) found.set(name, [entry])
      else entries.push(entry)
    }
  }
  return found
}

interface Field {
  readonly entries: readonly [Entry, ...Entry[]]
  readonly merging: Merging
}

function mergeField(target: Rope, name: string, { entries, merging }: Field): void {
  const given = entries
    .map((entry) => ({ entry, value: valueOf(entry.node) }))
    .filter(({ value }) => value.kind !== 'none')
  const last = given.at(-1)
  if (last === undefined) return copyEntry(target, entries[0])
  const { kind, type } = last.value
  // a value of another kind replaces those before it
  const values = given
    .slice(given.findLastIndex(({ value }) => value.kind !== kind) + 1)
    .map(({ value }) => value)
  const mayChange = values.length > 1 || (isCut(merging.ranking) && (kind === 'doc' || kind === 'doc_array'))
  const content = mayChange ? mergedValues(name, values, merging) : undefined
  if (content === undefined) copyEntry(target, last.entry)
  else writeEntry(target, last.entry, { kind, content, type })
}

/** The content of several values of one kind; undefined for kinds of which the last one counts. */
function mergedValues(name: string, values: readonly Value[], merging: Merging): Rope | undefined {
  const target = new Rope()
  const contents = values.map(({ content }) => content!)
  switch (values[0]!.kind) {
    case 'list':
      for (const content of contents) addRange(target, content)
      return target
    case 'set':
      uniteSets(target, contents)
      return target
    case 'dict':
      for (const entries of byName(contents).values()) copyEntry(target, entries.at(-1)!)
      return target
    case 'doc':
      mergeFields(target, contents, { ...merging, depth: merging.depth + 1 })
      return target
    case 'doc_array':
      mergeLists(target, contents, { ...merging, ranking: merging.ranking, isRanked: name === 'matches' })
      return target
    default:
      return undefined
  }
}

function uniteSets(target: Rope, sets: readonly Range[]): void {
  const known = new Set<string>()
  for (const { bytes, from, start, end } of sets.flatMap(membersIn)) {
    const item = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
    if (known.has(item)) continue
    known.add(item)
    target.add(bytes, from, end)
  }
}

function mergeLists(
  target: Rope,
  contents: readonly Range[],
  { ranking, depth, isRanked }: Merging & { readonly isRanked: boolean },
): void {
  checkDepth(depth + 1)
  const lists = contents.map((content) => membersIn(content).map(outlineOfV2))
  const isMerged = lists.length > 1
  const groups: readonly Group<Identified>[] = isMerged ? atOnce(groupById(lists)) : alone(lists[0]!)
  const kept =
    isRanked && ranking !== null
      ? best({ groups, lists: isMerged ? lists : [] }, ranking, scoresOfV2)
      : groups
  for (const { documents } of kept) writeMergedV2(target, memberTag, { documents, ranking, depth: depth + 1 })
}
