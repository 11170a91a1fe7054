import type { DocumentArray } from '../document-array.js'
import { emptyArray } from '../dtype.js'
import { NdArray } from '../nd-array.js'
import { stack } from '../stack.js'
import type { CompiledField } from './compiled.js'
import { parseTensor, type TensorField, typestrOf } from './tensor-field.js'

/**
 * The values of a field, one for each document. Tensors of one shape are one NdArray with one more dimension: a view where they
 * lie behind each other in memory, as the rows of an assigned matrix do. Otherwise they are copied into one block, once: the
 * documents hold views of it from then on.
 */
export function column(documents: DocumentArray, field: CompiledField): unknown {
  const values = documents.map((document) => field.hand(document))
  const own = field.tensor
  if (own === undefined) return values
  if (values.length === 0) return emptyColumn(own)
  const stacked = stack(values as NdArray[])
  if (!(stacked instanceof NdArray)) return values
  if (stacked.data.buffer !== (values[0] as NdArray).data.buffer) {
    let row = 0
    for (const document of documents) field.set(document, parseTensor(own, stacked.row(row++)))
  }
  return stacked
}

function emptyColumn(field: TensorField): NdArray {
  const dtype = typestrOf(field)
  const shape = [0, ...(field.shape ?? []).map((length) => length ?? 0)]
  return new NdArray({ data: emptyArray(dtype, 0), shape, dtype })
}
