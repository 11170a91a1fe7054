import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/**
 * The position of a JavaScript file's syntax error: `file:///x.js:3` and the line with a mark below. Node does not report it
 * when an import fails, so the file is checked once more. Undefined when the error is elsewhere.
 */
export async function syntaxPosition(url: string, error: unknown): Promise<string | undefined> {
  if (!(error instanceof SyntaxError) || !/^file:.*\.[cm]?js$/u.test(url)) return undefined
  try {
    await promisify(execFile)(process.execPath, ['--check', fileURLToPath(url)], { timeout: 10_000 })
    return undefined
  } catch (failed) {
    const { stderr } = failed as { stderr?: string }
    return stderr?.split('\n').slice(0, 3).join('\n')
  }
}
