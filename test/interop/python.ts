import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const own = fileURLToPath(new URL('../../.cache/jina-env/bin/python', import.meta.url))

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
 * Runs a script of this folder and gives what it answers. The script reads one JSON value from stdin and prints its
 * answer as one line of JSON, the last line of stdout; what it prints before is left alone.
 *
 * @param script file name, relative to `base`
 * @throws Error with the end of stderr when the script fails
 */
export async function runPython<Answer>(
  script: string,
  input: unknown,
  base: string = import.meta.url,
): Promise<Answer> {
  const child = spawn(pythonPath(), [fileURLToPath(new URL(script, base))], {
    stdio: 'pipe',
    env: {
      ...process.env,
      JINA_OPTOUT_TELEMETRY: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONWARNINGS: 'ignore',
    },
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.on('error', () => {}) // a script that ends before it has read says why by its exit code
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
