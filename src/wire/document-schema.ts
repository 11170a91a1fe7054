const text = { type: 'string' }
const number = { type: 'number' }
const integer = { type: 'integer' }
const object = { type: 'object' }
const numbers = { type: 'array', items: {} }
const documents = { type: 'array', items: { $ref: '#/definitions/PydanticDocument' } }
const scores = { type: 'object', additionalProperties: { $ref: '#/definitions/_NamedScore' } }

const document = {
  title: 'PydanticDocument',
  type: 'object',
  properties: {
    id: text,
    parent_id: text,
    granularity: integer,
    adjacency: integer,
    blob: text,
    tensor: numbers,
    mime_type: text,
    text,
    weight: number,
    uri: text,
    tags: object,
    offset: number,
    location: { type: 'array', items: number },
    embedding: numbers,
    modality: text,
    evaluations: scores,
    scores,
    chunks: documents,
    matches: documents,
  },
}

/** JSON schema of a DocArray v1 document in its JSON form, under the name that Jina's peers expect. */
export const documentSchema: Readonly<Record<string, unknown>> = {
  $ref: '#/definitions/PydanticDocument',
  definitions: {
    PydanticDocument: document,
    _NamedScore: {
      title: '_NamedScore',
      type: 'object',
      properties: { value: number, op_name: text, description: text, ref_id: text },
    },
  },
}
