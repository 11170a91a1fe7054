import { atOnce } from '../../../lib/slices.js'
import { isSame } from '../field-ranges.js'
import type { Identified } from '../list.js'
import { Rope } from '../rope.js'
import { keyed, type Versions, versionsOf } from '../versions.js'
import {
  type Entries,
  type Entry,
  entriesIn,
  memberTag,
  membersIn,
  type Range,
  type Value,
  valueOf,
} from './entries.js'
import { outlineOfV2 } from './outline.js'
import { areSameFields, isSameEntry } from './same.js'
import { checkDepth, copyEntry, writeEntry, writeMember } from './write.js'

/** Whether a version of a document of v2 differs from it in a value. */
export function isChangedV2(base: Range, version: Range): boolean {
  return !areSameFields(base, version)
}

/** Writes one document of v2 of a three-way merge: the bytes of one version, unless several changed it. */
export function writeChangesV2(
  target: Rope,
  _tag: number,
  { base, versions }: Versions<Identified>,
  depth = 0,
): void {
  const changed = base === undefined ? versions : versions.filter((version) => isChangedV2(base, version))
  const [first = versions[0]!, ...others] = changed
  if (others.every((other) => isSame(other, first))) return target.add(first.bytes, first.from, first.end)
  const content = new Rope()
  mergeMaps(content, { base, versions: changed }, { depth, isDeep: true })
  writeMember(target, content)
}

interface Maps {
  readonly base: Range | undefined
  readonly versions: readonly Range[]
}

interface Depth {
  readonly depth: number
  /** Whether values are merged in themselves, or the first changed one counts. */
  readonly isDeep: boolean
}

/** Of each entry the first version counts that changed it, which may be to nothing. */
function mergeMaps(target: Rope, { base, versions }: Maps, { depth, isDeep }: Depth): void {
  checkDepth(depth)
  const before: Entries = base === undefined ? new Map() : entriesIn(base)
  const after = versions.map(entriesIn)
  for (const name of new Set([before, ...after].flatMap((entries) => [...entries.keys()]))) {
    const unchanged = before.get(name)
    const changed = after
      .filter((entries) => !isSameEntry(unchanged, entries.get(name)))
      .map((entries) => entries.get(name))
    const [first, ...others] = changed
    const isMerged = isDeep && others.some((other) => !isSameEntry(first, other))
    if (isMerged && mergeValues(target, { unchanged, changed, depth })) continue
    const chosen = changed.length === 0 ? (unchanged ?? entryOf(after, name)) : first
    if (chosen !== undefined) copyEntry(target, chosen)
  }
}

/** The first entry of a name. */
function entryOf(maps: readonly Entries[], name: string): Entry | undefined {
  return maps.find((entries) => entries.has(name))?.get(name)
}

interface Changed {
  readonly unchanged: Entry | undefined
  readonly changed: readonly (Entry | undefined)[]
  readonly depth: number
}

/** Merges changed documents field by field, dicts key by key, and lists of documents by id; false for other values. */
function mergeValues(target: Rope, { unchanged, changed, depth }: Changed): boolean {
  const [entry] = changed
  const values = changed.map((one) => one && valueOf(one.node))
  const kind = values[0]?.kind
  if (entry === undefined || !values.every((value): value is Value => value?.kind === kind)) return false
  const before = unchanged && valueOf(unchanged.node)
  const base = before?.kind === kind ? before?.content : undefined
  const versions = values.map(({ content }) => content!)
  const content = new Rope()
  if (kind === 'doc' || kind === 'dict')
    mergeMaps(content, { base, versions }, { depth: depth + 1, isDeep: kind === 'doc' })
  else if (kind === 'doc_array') mergeLists(content, { base, versions }, depth + 1)
  else return false
  writeEntry(target, entry, { kind, content, type: values[0]!.type })
  return true
}

function mergeLists(target: Rope, { base, versions }: Maps, depth: number): void {
  checkDepth(depth)
  const outlines = (list: Range): Identified[] => membersIn(list).map(outlineOfV2)
  const branches = versions.map((list) => ({ documents: keyed(outlines(list)), isWhole: true }))
  const before = keyed(base === undefined ? [] : outlines(base))
  for (const one of atOnce(versionsOf(before, branches, isChangedV2)))
    writeChangesV2(target, memberTag, one, depth)
}
