import { type Finding, note, ok, wrong } from './finding.js'

/** The oldest Node that Millrace supports: `engines` in package.json. */
const least = [20, 19] as const

/** @param version as in `process.version`: `v20.19.0` */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  if (major < least[0] || (major === least[0] && minor < least[1]))
    return wrong('node', `Node ${version}`, `Install Node ${least.join('.')} or newer.`)
  if (major % 2 === 1)
    return note('node', `Node ${version}, a release without long support`, 'Use an even release, such as 24.')
  return ok('node', `Node ${version}`)
}
