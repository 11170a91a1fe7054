import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const own = fileURLToPath(new URL('../../.cache/jina-env/bin/python', import.meta.url))
const ownV2 = fileURLToPath(new URL('../../.cache/docarray-v2-env/bin/python', import.meta.url))

/** The Python with Jina 3.34 and DocArray v2: `MILLRACE_PYTHON_V2`, else the one `scripts/peers.mjs` makes. */
export function pythonV2Path(): string {
  const path = process.env['MILLRACE_PYTHON_V2'] ?? ownV2
  if (existsSync(path)) return path
  throw new Error(
    'these tests need Jina with DocArray v2: run `node scripts/peers.mjs docarray-v2`, or set MILLRACE_PYTHON_V2 to a Python that has it',
  )
}

/** The Python with Jina 3.14.1, DocArray 0.21 and scikit-learn: `MILLRACE_PYTHON`, else the one `scripts/peers.mjs` makes. */
export function pythonPath(): string {
  const path = process.env['MILLRACE_PYTHON'] ?? own
  if (!existsSync(path)) {
    throw new Error(
      'these tests need real Jina: run `node scripts/peers.mjs python`, or set MILLRACE_PYTHON to a Python that has it',
    )
  }
  return path
}

/**
 * Runs a script of this folder and resolves with its answer. The script reads one JSON value from stdin and prints its
 * answer as one line of JSON, the last line of stdout; earlier output is ignored.
 *
 * @param script file name, relative to `base`
 * @throws Error with the end of stderr when the script fails
 */
export async function runPython<Answer>(
  script: string,
  input: unknown,
  base: string = import.meta.url,
): Promise<Answer> {
  const child = spawnPython(script, base)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => {}) // the exit code of a script that exits before reading says why
  child.stdin.end(JSON.stringify(input))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const printed = Buffer.concat(stdout).toString()
  if (code !== 0) {
    const tail = Buffer.concat(stderr).toString().slice(-4_000)
    throw new Error(`${script} exited with ${code}\n${tail || printed.slice(-4_000)}`)
  }
  return JSON.parse(printed.trimEnd().split('\n').at(-1) ?? 'null') as Answer
}

/** A script that serves until its stdin is closed. */
export interface PythonServer<Ready> {
  /** Its ready message: the first line of stdout that is a JSON object. */
  readonly ready: Ready
  /** Sends one line of JSON, and resolves with the next line of stdout that is a JSON object. */
  ask<Answer>(input: unknown): Promise<Answer>
  stop(): Promise<void>
}

/** Starts a script of this folder that prints one line of JSON when it is ready. @throws Error with the end of stderr */
export async function servePython<Ready>(script: string, input: unknown): Promise<PythonServer<Ready>> {
  const child = spawnPython(script, import.meta.url)
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stderr: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => {}) // a script that ends before it has read says why by its exit
  child.stdin.write(`${JSON.stringify(input)}\n`)
  const lines = createInterface({ input: child.stdout })
  const next = <Answer>(): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const take = (line: string): void => {
        if (!line.startsWith('{')) return
        lines.off('line', take)
        resolve(JSON.parse(line) as Answer)
      }
      lines.on('line', take)
      void exited.then(() =>
        reject(new Error(`${script} ended\n${Buffer.concat(stderr).toString().slice(-4_000)}`)),
      )
    })
  return {
    ready: await next<Ready>(),
    ask<Answer>(given: unknown) {
      child.stdin.write(`${JSON.stringify(given)}\n`)
      return next<Answer>()
    },
    stop() {
      child.stdin.end()
      return exited
    },
  }
}

function spawnPython(script: string, base: string): ChildProcessWithoutNullStreams {
  // scripts for DocArray v2 have it in their name
  const python = script.startsWith('docarray_v2_') ? pythonV2Path() : pythonPath()
  return spawn(python, [fileURLToPath(new URL(script, base))], {
    stdio: 'pipe',
    env: {
      ...process.env,
      JINA_OPTOUT_TELEMETRY: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONWARNINGS: 'ignore',
    },
  })
}
