import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/**
 * Where a JavaScript file has its syntax error: `file:///x.js:3` and the line with a mark under it. Node keeps that to
 * itself when an import fails, so it is asked once more. Undefined when the error is elsewhere.
 */
export async function syntaxPlace(url: string, error: unknown): Promise<string | undefined> {
  if (!(error instanceof SyntaxError) || !/^file:.*\.[cm]?js$/u.test(url)) return undefined
  try {
    await promisify(execFile)(process.execPath, ['--check', fileURLToPath(url)], { timeout: 10_000 })
    return undefined
  } catch (failed) {
    const { stderr } = failed as { stderr?: string }
    return stderr?.split('\n').slice(0, 3).join('\n')
  }
}
