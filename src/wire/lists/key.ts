import { field, textIn } from '../../document/fields.js'
import type { DocArrayVersion } from '../../document/list-version.js'
import { MillraceError } from '../../errors.js'
import { decodeTag } from './tag.js'
import { tagOfV2, textOfV2 } from './v2/key.js'

/** Reads the sharding key of an undecoded document of a format, by default v1; undefined when it has none. */
export type Key = (document: Uint8Array, version?: DocArrayVersion) => string | undefined

const texts = ['id', 'parentId', 'uri', 'text', 'mimeType', 'modality'] as const

/**
 * Compiles a reader for a key: `id`, `parentId`, `uri`, `text`, `mimeType`, `modality` (as on the wire; '' counts as none),
 * or a path into the tags. A string tag is the key itself, a number in JavaScript's shortest form, a boolean as `true` or
 * `false`; null, lists and objects are no keys. Of documents of v2 the key is that of the Document that they would become (docs/types.md). Throws INVALID_OPTION for any other path; the reader throws MALFORMED.
 *
 * @example
 * const tenant = compileKey('tags.account.tenant')
 * tenant(document) // 'acme'
 */
export function compileKey(path: string): Key {
  const name = texts.find((text) => text === path)
  if (name !== undefined) return textKey(name)
  const [first, ...keys] = path.split('.')
  if (first === 'tags' && keys.length > 0 && keys.every((key) => key !== '')) return tagKey(keys)
  throw new MillraceError(
    'INVALID_OPTION',
    `The key must be one of ${texts.join(', ')}, or tags.<name> (tags.<name>.<name> and so on for ` +
      `nested ones), got '${path}'.`,
  )
}

function textKey(name: (typeof texts)[number]): Key {
  const number = field[name]
  return (bytes, version) => {
    if (version === 'v2') return textOfV2(bytes, name)
    return textIn(number, bytes, 0, bytes.length) || undefined
  }
}

function tagKey(path: readonly string[]): Key {
  return (document, version) => {
    const value = version === 'v2' ? tagOfV2(document, path) : decodeTag(document, path)
    return value === undefined ? undefined : String(value)
  }
}
