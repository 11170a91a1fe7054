import { integer, list, nullable, object, ref, type Schema, text } from './schema.js'

const number: Schema = { type: 'number' }
const whole: Schema = { ...integer, minimum: 0, maximum: 2 ** 32 - 1 }

const score: Schema = object(
  {
    value: nullable(number),
    op_name: nullable(text),
    description: nullable(text),
    ref_id: nullable(text),
  },
  { description: 'A named score; without a value it is 0.' },
)

const tensor: Schema = {
  description:
    'A number, or lists of numbers nested up to 32 deep whose lengths are equal on each level; null stands for NaN. Lists of booleans alone are a tensor of booleans.',
  anyOf: [{ type: ['number', 'boolean', 'null'] }, list(ref('Tensor'))],
}

const scores: Schema = {
  type: ['object', 'null'],
  additionalProperties: { anyOf: [ref('Score'), { type: 'null' }] },
}
const documents: Schema = { type: ['array', 'null'], items: ref('Document') }

/** Documents in JSON, with the keys of DocArray v1, as `documentText` writes and `requestFromJson` reads them. */
export const documentSchemas: Readonly<Record<string, Schema>> = {
  Document: object(
    {
      id: { ...nullable(text), description: 'By default a new one.' },
      parent_id: nullable(text),
      granularity: nullable(whole),
      adjacency: nullable(whole),
      blob: {
        ...nullable(text),
        contentEncoding: 'base64',
        pattern: '^[A-Za-z0-9+/_-]*={0,2}$',
        description: 'Bytes in base64, also URL-safe.',
      },
      tensor: ref('Tensor'),
      mime_type: nullable(text),
      text: nullable(text),
      weight: nullable(number),
      uri: nullable(text),
      tags: { type: ['object', 'null'], description: 'Values of any kind.' },
      offset: nullable(number),
      location: { type: ['array', 'null'], items: nullable(number) },
      embedding: ref('Tensor'),
      modality: nullable(text),
      evaluations: scores,
      scores,
      chunks: documents,
      matches: documents,
    },
    {
      description:
        'A document. All members are optional in requests, and null means that they are absent; answers have all of them.',
    },
  ),
  Tensor: tensor,
  Score: score,
}
