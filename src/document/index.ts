/** The door `millrace/document`: Documents, arrays of them, tensors. Runs in browsers. */
export type { MetricFunction, MetricName } from './distance.js'
export { Document } from './document.js'
export { DocumentArray, documentsLength, encodeDocuments } from './document-array.js'
export type { Dtype, TypedArray } from './dtype.js'
export type { Filter } from './filter.js'
export { float16ToFloat32, float32ToFloat16, fromFloat16, toFloat16 } from './float16.js'
export type { Content, DocumentInit, DocumentInputs, Rows } from './inputs.js'
export type { DocumentJson } from './json.js'
export { NdArray, type NdArrayInit } from './nd-array.js'
export type { FindOptions } from './nearest.js'
export type { NestedNumbers } from './nested.js'
export type { Picks } from './pick.js'
export type { NamedScore, Scores } from './score.js'
export { BsrMatrix, type BsrInit } from './sparse/bsr.js'
export { CooMatrix, type CooInit } from './sparse/coo.js'
export { CscMatrix } from './sparse/csc.js'
export { type CompressedInit, CsrMatrix } from './sparse/csr.js'
export {
  type IndexArray,
  type SparseFormat,
  type SparseMatrix,
  toDense,
  type Values,
} from './sparse/matrix.js'
export { SparseRow } from './sparse/row.js'
export type { Stacked } from './stack.js'
export { decodeStruct, encodeStruct } from './struct.js'
export { RawTensor, type Tensor, type TensorLike } from './tensor.js'
export type { DenseVector, SparseVector, Vector } from './vector.js'
