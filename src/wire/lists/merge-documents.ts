import { contentFields, field, fieldOf } from '../../document/fields.js'
import { Reader, wireType } from '../../lib/protobuf/reader.js'
import { prefix } from '../../lib/protobuf/writer.js'
import { atOnce } from '../../lib/slices.js'
import { alone, type Group, groupById } from './group.js'
import { childrenOf, type Outline } from './outline.js'
import { type Parent, adopted } from './adopt.js'
import { best } from './rank.js'
import type { MatchOrder } from './ranking.js'
import { Rope } from './rope.js'
import { scoresOf } from './scores.js'

const familyNumbers = [field.chunks, field.matches] as const
type FamilyField = (typeof familyNumbers)[number]
const familyFields = (1 << field.chunks) | (1 << field.matches)
const ownFields = (1 << field.id) | (1 << field.parentId)

/** Documents to be merged into one. */
export interface Merge {
  /** With the same id, the earliest first. */
  readonly documents: Group['documents']
  readonly ranking: MatchOrder
}

/** Chunks or matches of Documents with the same id: one list for each Document that has any, and the parent of each list. */
interface Family {
  readonly lists: Outline[][]
  /** Undefined for the Document whose children stay with it. */
  readonly parents: (Parent | undefined)[]
}

/** Writes the merge of Documents with the same id as a field; the original bytes when nothing changes. */
export function writeMerged(target: Rope, tag: number, { documents, ranking }: Merge): void {
  const [own] = documents
  const isAlone = documents.length === 1
  if (!isAlone || (ranking !== null && ranking.limit !== null && (own.filled & familyFields) !== 0)) {
    const content = mergeDocuments({ documents, ranking })
    // a limit only removes matches, so content of the same length is unchanged
    if (!isAlone || content.length !== own.end - own.start) {
      target.add(prefix(tag, content.length))
      target.append(content)
      return
    }
  }
  target.add(own.bytes, own.from, own.end)
}

function mergeDocuments({ documents, ranking }: Merge): Rope {
  const [own] = documents
  const families: Record<FamilyField, Family> = {
    [field.chunks]: { lists: [], parents: [] },
    [field.matches]: { lists: [], parents: [] },
  }
  const taken = new Rope()
  let replaced = familyFields
  let { filled, granularity, adjacency } = own
  for (const document of documents) {
    const take = lacking(filled, document.filled)
    if (take !== 0) addFields(taken, document, take)
    replaced |= take
    filled |= take & document.filled
    if (take & (1 << field.granularity)) granularity = document.granularity
    if (take & (1 << field.adjacency)) adjacency = document.adjacency
    for (const number of familyNumbers) {
      if ((document.filled & (1 << number)) === 0) continue
      families[number].lists.push(childrenOf(document, number))
      families[number].parents.push(document === own ? undefined : { id: own.id, granularity, adjacency })
    }
  }
  const content = new Rope()
  addFields(content, own, ~replaced)
  content.append(taken)
  for (const number of familyNumbers) writeFamily(content, number, { ...families[number], ranking })
  return content
}

/** Bits of the fields that a Document takes from a later one. Text, blob and tensor are a oneof, so all three change. */
function lacking(filled: number, later: number): number {
  const content = (filled & contentFields) === 0 && (later & contentFields) !== 0 ? contentFields : 0
  return (later & ~filled & ~(contentFields | familyFields | ownFields)) | content
}

function writeFamily(
  target: Rope,
  number: FamilyField,
  { lists, parents, ranking }: Family & { ranking: MatchOrder },
): void {
  const tag = (number << 3) | wireType.bytes
  const isMerged = lists.length > 1
  const groups = isMerged ? atOnce(groupById(lists)) : alone(lists[0] ?? [])
  const isRanked = number === field.matches && ranking !== null
  const kept = isRanked ? best({ groups, lists: isMerged ? lists : [] }, ranking, scoresOf) : groups
  for (const { documents, list } of kept) {
    const [first, ...others] = documents
    const parent = parents[list]
    const child = parent === undefined ? first : adopted(first, number, parent)
    writeMerged(target, tag, { documents: child === first ? documents : [child, ...others], ranking })
  }
}

/** Appends the fields whose bits are set; bit 0 stands for unknown fields. */
function addFields(target: Rope, { bytes, start, end }: Outline, bits: number): void {
  const reader = new Reader(bytes, start, end)
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    reader.skip(tag)
    if ((bits & (1 << fieldOf(tag))) !== 0) target.add(bytes, from, reader.position)
  }
}
