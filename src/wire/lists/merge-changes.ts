import { field } from '../../document/fields.js'
import { wireType } from '../../lib/protobuf/reader.js'
import { prefix } from '../../lib/protobuf/writer.js'
import { atOnce } from '../../lib/slices.js'
import { areSame, type FieldRanges, fieldRanges, isSame, type Range } from './field-ranges.js'
import { hasSameValue, mergeEntries } from './field-values.js'
import { childrenOf, type Outline } from './outline.js'
import { Rope } from './rope.js'
import { keyed, type Versions, versionsOf } from './versions.js'

/** The merge of one field; `base` is undefined for a new Document. */
interface FieldMerge {
  readonly number: number
  readonly base: Outline | undefined
  readonly versions: readonly Outline[]
}

/** Writes one Document of a three-way merge as a field: the bytes of one version, unless several changed it. */
export function writeChanges(target: Rope, tag: number, { base, versions }: Versions): void {
  const changed = base === undefined ? versions : versions.filter((version) => !isSame(version, base))
  const [first = versions[0]!, ...others] = changed
  if (others.every((other) => isSame(other, first))) return target.add(first.bytes, first.from, first.end)
  const content = mergeFields(base, changed)
  target.add(prefix(tag, content.length))
  target.append(content)
}

/** Whether a version of a Document differs from it in a value, and not only in how that is encoded. */
export function isChanged(base: Outline, version: Outline): boolean {
  if (isSame(base, version)) return false
  const before = fieldRanges(base)
  const after = fieldRanges(version)
  return numbersOf([before, after]).some((number) => {
    if (areSame(of(before, number), of(after, number))) return false
    return isFamily(number)
      ? isFamilyChanged(childrenOf(base, number), childrenOf(version, number))
      : !hasSameValue(number, base, version)
  })
}

function isFamilyChanged(base: readonly Outline[], children: readonly Outline[]): boolean {
  return (
    base.length !== children.length ||
    base.some((child, at) => child.id !== children[at]!.id || isChanged(child, children[at]!))
  )
}

function mergeFields(base: Outline | undefined, versions: readonly Outline[]): Rope {
  const before: FieldRanges = base === undefined ? new Map() : fieldRanges(base)
  const after = versions.map((version) => ({ version, ranges: fieldRanges(version) }))
  const content = new Rope()
  for (const number of numbersOf([before, ...after.map(({ ranges }) => ranges)])) {
    const unchanged = of(before, number)
    const changed = after.filter(({ ranges }) => !areSame(of(ranges, number), unchanged))
    const [first, ...others] = changed
    if (first === undefined) addAll(content, unchanged)
    else if (others.every(({ ranges }) => areSame(of(ranges, number), of(first.ranges, number))))
      addAll(content, of(first.ranges, number))
    else if (isFamily(number) || isKeyed(number))
      writeMembers(content, { number, base, versions: changed.map(({ version }) => version) })
    else {
      const chosen = changed.find(({ version }) => !hasSameValue(number, base, version))
      addAll(content, chosen === undefined ? unchanged : of(chosen.ranges, number))
    }
  }
  return content
}

/** Merges chunks or matches by id, tags or scores by key. */
function writeMembers(target: Rope, { number, base, versions }: FieldMerge): void {
  if (isKeyed(number)) return target.add(mergeEntries(number, base, versions))
  const branches = versions.map((version) => ({
    documents: keyed(childrenOf(version, number)),
    isWhole: true,
  }))
  const before = keyed(base === undefined ? [] : childrenOf(base, number))
  const tag = (number << 3) | wireType.bytes
  for (const child of atOnce(versionsOf(before, branches, isChanged))) writeChanges(target, tag, child)
}

/** Numbers of the fields that any of some Documents has, unknown ones (0) last. */
function numbersOf(all: readonly FieldRanges[]): readonly number[] {
  return [...new Set(all.flatMap((ranges) => [...ranges.keys()]))].sort(
    (left, right) => (left || 99) - (right || 99),
  )
}

const none: readonly Range[] = []

function of(ranges: FieldRanges, number: number): readonly Range[] {
  return ranges.get(number) ?? none
}

function addAll(target: Rope, ranges: readonly Range[]): void {
  for (const { bytes, start, end } of ranges) target.add(bytes, start, end)
}

function isFamily(number: number): boolean {
  return number === field.chunks || number === field.matches
}

function isKeyed(number: number): boolean {
  return number === field.tags || number === field.scores || number === field.evaluations
}
