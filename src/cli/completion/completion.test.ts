import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../run.js'

const has = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
    return true
  } catch {
    return false
  }
}

async function scriptFor(shell: string): Promise<string> {
  let script = ''
  const { code } = await runCommand(['completion', shell], { out: (text) => (script += text), colour: false })
  expect(code).toBe(0)
  return script
}

describe.runIf(has('bash'))('completion in bash', () => {
  let script: string
  beforeAll(async () => {
    script = await scriptFor('bash')
  })
  /** What bash offers for the last word. */
  const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
    const text = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = await promisify(execFile)('bash', ['-c', text, 'bash', ...words])
    return stdout.trim().split('\n')
  }

  it.each([
    [['millrace', 'do'], ['doctor']],
    [['millrace', 'ps', '--js'], ['--json']],
    [['millrace', 'flow', '--gateway-i'], ['--gateway-image']],
    [['millrace', 'export', 'docker-'], ['docker-compose']],
    [['millrace', 'export', 'kubernetes', '--service'], ['--service-monitor']],
    [['millrace', 'gateway', '--deploy'], ['--deployments-addresses']],
    [['millrace', 'executor', '--uses-w'], ['--uses-with']],
    [['millrace', 'completion', 'f'], ['fish']],
    [['millrace', 'help', 'exec'], ['executor']],
    [
      ['millrace', 'call', '/x', '--data', 'packag'],
      ['package.json', 'package-lock.json'],
    ],
  ])('%j: %j', async (words, offered) => {
    expect((await complete(...words)).toSorted()).toEqual(offered.toSorted())
  })
})

it.each(['bash', 'zsh', 'fish'])(
  'the script for %s has every command, and every option that it accepts',
  async (shell) => {
    const script = await scriptFor(shell)
    for (const word of ['new', 'dev', 'gateway', 'completion', 'max-concurrency', 'orphans', 'dockerfile']) {
      expect(script).toContain(word)
    }
  },
)

it.runIf(has('zsh'))('zsh can read its script', async () => {
  await promisify(execFile)('zsh', ['-n', '-c', await scriptFor('zsh')])
})

it.runIf(has('fish'))('fish can read its script', async () => {
  await promisify(execFile)('fish', ['--no-execute', '-c', await scriptFor('fish')])
})

it('names the shells that there are', async () => {
  expect(await runCommand(['completion', 'fishh'], { out: () => {}, colour: false })).toMatchObject({
    code: 2,
    complaint: "There is no completion for 'fishh'. Did you mean 'fish'? See 'millrace help completion'.",
  })
})
