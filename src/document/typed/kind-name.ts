import type { KindName } from './compiled.js'
import { isDocClass } from './typed-document.js'
import type { Field } from './types.js'

/** The kind of a field, `optional()` or not. */
export function kindNameOf(field: Field): KindName {
  if (Array.isArray(field)) return 'list'
  if (isDocClass(field)) return 'document'
  if ('kind' in field) {
    if (field.kind === 'optional') return kindNameOf(field.of)
    if (field.kind === 'tensor') return 'tensor'
    if (field.kind === 'bytes') return 'blob'
  }
  return 'value'
}
