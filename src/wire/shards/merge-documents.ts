import { contentFields, field, fieldOf } from '../../document/fields.js'
import { Reader, wireType } from '../../lib/protobuf/reader.js'
import { prefix } from '../../lib/protobuf/writer.js'
import { childrenOf, type Outline } from './outline.js'
import { placed } from './place.js'
import { best } from './rank.js'
import type { Ranking } from './ranking.js'
import { Rope } from './rope.js'
import { groupById } from './same-id.js'

const families = [field.chunks, field.matches] as const
const familyFields = (1 << field.chunks) | (1 << field.matches)
const ownFields = (1 << field.id) | (1 << field.parentId)

/** Documents of one id, the earliest first. */
interface Group {
  readonly group: readonly Outline[]
  readonly ranking: Ranking
}

/** Writes what Documents of one id become as a field; its bytes as they came when that is nothing new. */
export function writeMerged(target: Rope, tag: number, { group, ranking }: Group): void {
  const own = group[0]!
  const alone = group.length === 1
  if (!alone || (ranking.limit !== null && (own.filled & familyFields) !== 0)) {
    const content = mergeDocuments({ group, ranking })
    // a limit only takes away: what is as long as before is what it was before
    if (!alone || content.length !== own.end - own.start) {
      target.add(prefix(tag, content.length))
      target.append(content)
      return
    }
  }
  target.add(own.bytes, own.from, own.end)
}

function mergeDocuments({ group, ranking }: Group): Rope {
  const own = group[0]!
  // what the Document is so far, as the next one finds it
  const merged = {
    id: own.id,
    filled: own.filled,
    granularity: own.granularity,
    adjacency: own.adjacency,
  }
  const taken = new Rope()
  let replaced = familyFields
  const children: Record<(typeof families)[number], Outline[][]> = { [field.chunks]: [], [field.matches]: [] }
  for (const document of group) {
    const take = lacking(merged.filled, document.filled)
    if (take !== 0) addFields(taken, document, take)
    replaced |= take
    merged.filled |= take & document.filled
    if (take & (1 << field.granularity)) merged.granularity = document.granularity
    if (take & (1 << field.adjacency)) merged.adjacency = document.adjacency
    for (const number of families) {
      if ((document.filled & (1 << number)) === 0) continue
      const list = childrenOf(document, number)
      children[number].push(document === own ? list : list.map((child) => placed(child, number, merged)))
    }
  }
  const content = new Rope()
  addFields(content, own, ~replaced)
  content.append(taken)
  for (const number of families) writeFamily(content, number, { lists: children[number], ranking })
  return content
}

/** Bits of the fields that a Document takes from a later one. Of text, blob and tensor it holds only one, so all change. */
function lacking(filled: number, later: number): number {
  const content = (filled & contentFields) === 0 && (later & contentFields) !== 0 ? contentFields : 0
  return (later & ~filled & ~(contentFields | familyFields | ownFields)) | content
}

function writeFamily(
  target: Rope,
  number: number,
  { lists, ranking }: { lists: readonly Outline[][]; ranking: Ranking },
): void {
  const isMerged = lists.length > 1
  const groups = isMerged ? groupById(lists) : (lists[0] ?? []).map((child) => [child])
  const kept = number === field.matches ? best(groups, isMerged ? lists : [], ranking) : groups
  for (const group of kept) writeMerged(target, (number << 3) | wireType.bytes, { group, ranking })
}

/** Adds the fields whose bits are set; bit 0 stands for fields that are not known. */
function addFields(target: Rope, { bytes, start, end }: Outline, bits: number): void {
  const reader = new Reader(bytes, start, end)
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    reader.skip(tag)
    if ((bits & (1 << fieldOf(tag))) !== 0) target.add(bytes, from, reader.position)
  }
}
