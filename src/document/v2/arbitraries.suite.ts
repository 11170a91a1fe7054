import type { MessageInitShape } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import type {
  DocProtoSchema,
  ListOfAnyProtoSchema,
  NodeProtoSchema,
} from '../../../test/gen/docarray_v2/docarray_pb.js'
import { dense } from '../arbitraries.suite.js'
import { bytesOf } from '../dtype.js'

type DocInit = MessageInitShape<typeof DocProtoSchema>
type NodeInit = MessageInitShape<typeof NodeProtoSchema>
type ListInit = MessageInitShape<typeof ListOfAnyProtoSchema>

/** Names of fields, those with counterparts among them. */
const name = fc.oneof(
  fc.constantFrom(
    'id',
    'text',
    'tensor',
    'blob',
    'embedding',
    'url',
    'uri',
    'mime_type',
    'modality',
    'weight',
  ),
  fc.constantFrom('offset', 'location', 'tags', 'scores', 'evaluations', 'chunks', 'matches'),
  fc.constantFrom('title', 'author', '_private', 'größe', 'constructor', '__proto__'),
)

const array: fc.Arbitrary<NodeInit> = dense.map(({ data, shape, dtype }) => ({
  content: { case: 'ndarray', value: { dense: { buffer: bytesOf(data), shape: [...shape], dtype } } },
  docarrayType: { case: 'type', value: 'ndarray' },
}))

const scalar: fc.Arbitrary<NodeInit> = fc.oneof(
  fc.constant({}),
  fc
    .string({ unit: 'binary', maxLength: 8 })
    .map((value): NodeInit => ({ content: { case: 'text', value } })),
  fc.webUrl().map(
    (value): NodeInit => ({
      content: { case: 'text', value },
      docarrayType: { case: 'type', value: 'any_url' },
    }),
  ),
  fc.integer().map((value): NodeInit => ({ content: { case: 'integer', value } })),
  fc.double().map((value): NodeInit => ({ content: { case: 'float', value } })),
  fc.boolean().map((value): NodeInit => ({ content: { case: 'boolean', value } })),
)

const { document } = fc.letrec<{ plain: NodeInit; list: ListInit; document: DocInit; field: NodeInit }>(
  (tie) => ({
    plain: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc
        .tuple(fc.constantFrom('list' as const, 'set' as const, 'tuple' as const), tie('list'))
        .map(([kind, value]): NodeInit => ({ content: { case: kind, value } })),
      fc
        .dictionary(
          fc.string({ maxLength: 4 }).map((key) => `k${key}`),
          tie('plain'),
          { maxKeys: 3 },
        )
        .map((data): NodeInit => ({ content: { case: 'dict', value: { data } } })),
    ),
    list: fc.array(tie('plain'), { maxLength: 3 }).map((data): ListInit => ({ data })),
    field: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('plain'),
      array,
      fc.uint8Array({ maxLength: 4 }).map((value): NodeInit => ({ content: { case: 'blob', value } })),
      tie('document').map((value): NodeInit => ({ content: { case: 'doc', value } })),
      fc.array(tie('document'), { minLength: 1, maxLength: 2 }).map((docs): NodeInit => {
        const data = docs.map((value): NodeInit => ({ content: { case: 'doc', value } }))
        return { content: { case: 'list', value: { data } } }
      }),
      fc
        .array(tie('document'), { maxLength: 3 })
        .map((docs): NodeInit => ({ content: { case: 'docArray', value: { docs } } })),
    ),
    document: fc
      .array(fc.tuple(name, tie('field')), { maxLength: 6 })
      .map(
        (fields): DocInit => ({ data: Object.fromEntries(fields.filter(([key]) => key !== '__proto__')) }),
      ),
  }),
)

/** A random DocProto, whose values all have a counterpart. */
export const randomDocProto: fc.Arbitrary<DocInit> = document
