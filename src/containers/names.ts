import { MillraceError } from '../errors.js'

/** Jina's naming of a Deployment's objects: lower case, with `-` for `_` and `/`. */
export function dnsName(name: string): string {
  return name.replaceAll(/[_/]/g, '-').toLowerCase()
}

/** Maximum length of a Service name and of a label. */
const longest = 63

/**
 * Requires a DNS label (RFC 1035) of at most `max` characters.
 *
 * @throws INVALID_NAME
 */
export function checkDnsName(name: string, stage: string, max: number = longest): void {
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    throw invalid(
      stage,
      `would have the network name '${name}', but such a name may only have letters from a to z, digits and -, must start with a letter and must not end with -.`,
    )
  }
  if (name.length > max) {
    throw invalid(
      stage,
      `would have the network name '${name}' with ${name.length} characters; at most ${max} are allowed.`,
    )
  }
}

/** Requires distinct names; each comes with its stage. @throws INVALID_NAME */
export function checkDistinct(names: readonly { readonly name: string; readonly stage: string }[]): void {
  const owners = new Map<string, string>()
  for (const { name, stage } of names) {
    const other = owners.get(name)
    if (other !== undefined)
      throw invalid(stage, `and '${other}' would both have the network name '${name}'.`)
    owners.set(name, stage)
  }
}

/** Converts any text to a label value: other characters become `-`. */
export function labelValue(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .slice(0, longest)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
}

function invalid(stage: string, what: string): MillraceError {
  return new MillraceError('INVALID_NAME', `stage '${stage}' ${what} Give it another name.`)
}
