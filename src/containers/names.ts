import { MillraceError } from '../errors.js'

/** As Jina names the objects of a Deployment: `-` for `_` and `/`, lower case. */
export function dnsName(name: string): string {
  return name.replaceAll(/[_/]/g, '-').toLowerCase()
}

/** The longest name of a Service, and of a label. */
const longest = 63

/**
 * A name by which something is found in the network: a DNS label (RFC 1035) of at most `max` characters.
 *
 * @throws INVALID_NAME
 */
export function checkDnsName(name: string, stage: string, max: number = longest): void {
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    throw invalid(
      stage,
      `would be '${name}' in the network, and a name there has only letters from a to z, digits and -, starts with a letter and does not end with -.`,
    )
  }
  if (name.length > max) {
    throw invalid(
      stage,
      `would be '${name}' in the network, of ${name.length} characters where ${max} are allowed.`,
    )
  }
}

/** Names that must not meet, each with the stage that it is for. @throws INVALID_NAME */
export function checkDistinct(names: readonly { readonly name: string; readonly stage: string }[]): void {
  const owners = new Map<string, string>()
  for (const { name, stage } of names) {
    const other = owners.get(name)
    if (other !== undefined) throw invalid(stage, `and '${other}' would both be '${name}' in the network.`)
    owners.set(name, stage)
  }
}

/** Any text as the value of a label: other characters become `-`. */
export function labelValue(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .slice(0, longest)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
}

function invalid(stage: string, what: string): MillraceError {
  return new MillraceError('INVALID_NAME', `stage '${stage}' ${what} Give it another name.`)
}
