import { decodeField } from '../../document/codec.js'
import { field, presentFields } from '../../document/fields.js'
import { decodeTag } from './tag.js'
import { MillraceError } from '../../errors.js'

/** Reads the sharding key of an undecoded DocumentProto; undefined when it has none. */
export type Key = (document: Uint8Array) => string | undefined

const texts = ['id', 'parentId', 'uri', 'text', 'mimeType', 'modality'] as const

/**
 * Compiles a reader for a key: `id`, `parentId`, `uri`, `text`, `mimeType`, `modality` (as on the wire; '' counts as none),
 * or a path into the tags. A string tag is the key itself, a number in JavaScript's shortest form, a boolean as `true` or
 * `false`; null, lists and objects are no keys. Throws INVALID_OPTION for any other path; the reader throws MALFORMED.
 *
 * @example
 * const tenant = compileKey('tags.account.tenant')
 * tenant(document) // 'acme'
 */
export function compileKey(path: string): Key {
  const name = texts.find((text) => text === path)
  if (name !== undefined) return textKey(field[name])
  const [first, ...keys] = path.split('.')
  if (first === 'tags' && keys.length > 0 && keys.every((key) => key !== '')) return tagKey(keys)
  throw new MillraceError(
    'INVALID_OPTION',
    `The key must be one of ${texts.join(', ')}, or tags.<name> (tags.<name>.<name> and so on for ` +
      `nested ones), got '${path}'.`,
  )
}

function textKey(number: number): Key {
  return (bytes) => {
    const source = { bytes, start: 0, end: bytes.length }
    if ((presentFields(bytes, 0, bytes.length) & (1 << number)) === 0) return undefined
    return (decodeField(number, source) as string) || undefined
  }
}

function tagKey(path: readonly string[]): Key {
  return (document) => {
    const value = decodeTag(document, path)
    return value === undefined ? undefined : String(value)
  }
}
