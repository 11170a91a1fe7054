import { fromBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'

import { atOnce } from '../../src/lib/slices.js'
import { mergeLists } from '../../src/wire/lists/merge.js'
import { DocListProtoSchema, type NodeProto } from '../gen/docarray_v2/docarray_pb.js'
import { runPython } from './python.js'

// Lists of documents are merged as the `reduce_all` of DocArray 0.41 merges them.

interface Case {
  readonly lists: readonly string[]
  readonly merged: string
}

/** Sets have no order: the items of each are sorted. */
function message(bytes: Uint8Array) {
  const { docs } = fromBinary(DocListProtoSchema, Uint8Array.from(bytes))
  for (const { data } of docs) for (const node of Object.values(data)) sortSet(node)
  return docs
}

function sortSet({ content }: NodeProto): void {
  if (content.case !== 'set') return
  const textOf = (node: NodeProto): string => (node.content.case === 'text' ? node.content.value : '')
  content.value.data.sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
}

test('random lists of two and three branches', async () => {
  const cases = await runPython<Case[]>('docarray_v2_reduce.py', 300)
  expect(cases).toHaveLength(300)
  for (const { lists, merged } of cases) {
    const pieces = atOnce(
      mergeLists(
        lists.map((list) => Buffer.from(list, 'base64')),
        null,
      ),
    )
    expect(message(Buffer.concat(pieces))).toEqual(message(Buffer.from(merged, 'base64')))
  }
})
