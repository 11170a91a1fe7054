/** Documents of DocArray v2: read as Documents, and written from them. */
export { type Kept, keepNothing, listAsV1, listAsV2 } from './convert.js'
export { decodeDoc, decodeDocList } from './node.js'
export { docListFromJson, type PlacedJson } from './from-json.js'
export { nodesText } from './json-text.js'
export { readDocuments } from './read.js'
export { readTypedDocuments } from './read-typed.js'
export { writeDocList } from './write.js'
