import { MillraceError } from '../errors.js'

/**
 * Values of variables that a cluster would take from its secrets. An engine has no secrets, so they come from this program's
 * environment.
 *
 * @throws INVALID_OPTION for a missing variable
 */
export function secretsOf(
  stage: string,
  envFromSecret: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.keys(envFromSecret).map((variable) => {
      const value = process.env[variable]
      if (value !== undefined) return [variable, value]
      throw new MillraceError(
        'INVALID_OPTION',
        `stage '${stage}': envFromSecret has ${variable}, which on Docker is read from the environment of the program that starts the Flow, but is not set there. Set it.`,
      )
    }),
  )
}
