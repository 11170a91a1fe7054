import { MillraceError } from '../errors.js'
import type { AuthRules } from '../gateway/auth/auth-rules.js'
import { functionInImage } from './container-paths.js'

/**
 * The option `auth` of a gateway in a container. No token is written: it reads them from an environment variable, or asks a
 * module of the project.
 *
 * @throws UNSUPPORTED for tokens in a list or a file
 */
export function containerAuth(auth: AuthRules | null, project: string): { readonly auth?: object } {
  if (auth === null) return {}
  const { bearer, open } = auth
  if (!open.includes('health')) {
    throw unsupported("open must have 'health': the probes of a container have no token.")
  }
  if ('env' in bearer) return { auth }
  if ('verify' in bearer) {
    return {
      auth: { bearer: { verify: functionInImage(bearer.verify, project, 'auth.bearer.verify') }, open },
    }
  }
  throw unsupported(
    'bearer is a list or a file of tokens, which would be written in plain text. Use { env: NAME }, which the container gets from outside.',
  )
}

/** The environment variable from which a gateway reads its tokens; null when there is none. */
export function tokenVariable(auth: AuthRules | null): string | null {
  return auth !== null && 'env' in auth.bearer ? auth.bearer.env : null
}

function unsupported(what: string): MillraceError {
  return new MillraceError('UNSUPPORTED', `Flow: a gateway in a container cannot use this auth: ${what}`)
}
