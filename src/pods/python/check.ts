import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { isErrorCode, MillraceError } from '../../errors.js'
import { pythonCheck } from '../entries.js'
import { pythonEnvironment } from './environment.js'
import type { PodPython } from '../pod.js'

/** An interpreter that says nothing for this long does not run. */
const checkMs = 60_000

/** A stage whose Executor is to be checked. */
export interface Checked {
  /** Its name. */
  readonly deployment: string
  readonly env: Readonly<Record<string, string>>
  readonly python: PodPython
}

/**
 * Checks before a start what can be known without one: the interpreter runs, its version, that jina is installed, that modules
 * exist, and that their text has the class. Imports nothing.
 *
 * Rejects with UNSUPPORTED, MODULE_NOT_FOUND, EXPORT_NOT_FOUND or INVALID_OPTION, or with the reason of `signal`.
 */
export async function checkPython(stages: readonly Checked[], signal: AbortSignal): Promise<void> {
  await Promise.all(stages.map((stage) => checkStage(stage, signal)))
}

async function checkStage({ deployment, env, python }: Checked, signal: AbortSignal): Promise<void> {
  const { interpreter, files, module, className } = python
  const environment = pythonEnvironment({ deployment, env })
  const asked = JSON.stringify([{ files, module, className }])
  const { printed, complaint } = await run(interpreter, { environment, asked, signal })
  const problem = parseProblem(printed)
  if (problem === null) return
  const { code, message } = problem ?? {
    code: 'INVALID_OPTION' as const,
    message: `${interpreter} does not run as Python: ${complaint}`,
  }
  throw new MillraceError(code, `stage '${deployment}': ${message}`, { where: { deployment } })
}

interface Run {
  readonly environment: NodeJS.ProcessEnv
  readonly asked: string
  readonly signal: AbortSignal
}

/** What the check prints, and why there may be nothing. */
function run(
  interpreter: string,
  { environment, asked, signal }: Run,
): Promise<{ readonly printed: string; readonly complaint: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(interpreter, [fileURLToPath(pythonCheck)], {
      env: environment,
      timeout: checkMs,
      killSignal: 'SIGKILL',
      signal,
    })
    let printed = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (complaint = (complaint + text).slice(-2000)))
    child.stdin.on('error', () => {}) // the exit code says it
    child.stdin.end(asked)
    child.on('error', (error) => {
      if (signal.aborted) reject(signal.reason as Error)
      else resolve({ printed: '', complaint: error.message })
    })
    child.on('close', (code, killed) => {
      const end = killed === null ? `it exited with code ${code}` : `it was killed by ${killed}`
      resolve({ printed, complaint: [end, complaint.trim()].filter((text) => text !== '').join('. ') })
    })
  })
}

/** Undefined for an output that the check does not print. */
function parseProblem(printed: string): { code: MillraceError['code']; message: string } | null | undefined {
  try {
    const problem = JSON.parse(printed) as { code: unknown; message: unknown } | null
    if (problem === null) return null
    const { code, message } = problem
    return isErrorCode(code) && typeof message === 'string' ? { code, message } : undefined
  } catch {
    return undefined
  }
}
