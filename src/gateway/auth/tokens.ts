import { createHash, timingSafeEqual } from 'node:crypto'
import { MillraceError } from '../../errors.js'
import { isToken } from '../../wire/bearer-token.js'

/** Each of them is compared with the token of each request. */
const maxTokens = 1000

/**
 * Valid tokens. How long a comparison takes does not depend on what they are: the hash of a client's token is compared with
 * the hashes of all of them.
 */
export class Tokens {
  readonly #hashes: readonly Buffer[]

  /** @throws INVALID_OPTION, which names `source`, and no token */
  constructor(tokens: readonly string[], source: string) {
    if (tokens.length === 0) throw invalid(`${source} has no token. Write at least one.`)
    if (tokens.length > maxTokens) {
      throw invalid(`${source} has ${tokens.length} tokens, more than ${maxTokens}. Use verify for so many.`)
    }
    const wrong = tokens.findIndex((token) => !isToken(token))
    if (wrong >= 0) {
      const what = tokens[wrong] === '' ? 'is empty' : 'has other letters'
      throw invalid(
        `token ${wrong + 1} of ${source} ${what}: tokens consist of A–Z, a–z, 0–9, - . _ ~ + / and = at the end, such as those of 'openssl rand -hex 32'.`,
      )
    }
    this.#hashes = tokens.map(hash)
  }

  has(token: string): boolean {
    const given = hash(token)
    let isKnown = false
    for (const known of this.#hashes) {
      const isSame = timingSafeEqual(known, given)
      isKnown ||= isSame
    }
    return isKnown
  }
}

/** Tokens in a text: separated by spaces, commas or line breaks; lines that begin with # are comments. */
export function tokensIn(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => !line.trimStart().startsWith('#'))
  return lines.flatMap((line) => line.split(/[\s,]+/)).filter((token) => token !== '')
}

function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function invalid(what: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `auth: ${what}`)
}
