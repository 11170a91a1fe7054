import { describe, expect, it } from 'vitest'
import { type Outcome, runCommand } from './run.js'

async function run(...args: string[]): Promise<Outcome & { readonly out: string }> {
  let out = ''
  const outcome = await runCommand(args, { out: (text) => (out += text), colour: false })
  return { ...outcome, out }
}

describe('the command line', () => {
  it.each([[], ['--help'], ['-h'], ['help']])('explains itself: %s', async (...args) => {
    const { code, out } = await run(...args)
    expect(code).toBe(0)
    expect(out).toMatch(/ps .*\n.*scale /)
  })

  it.each([
    ['help', 'scale'],
    ['scale', '--help'],
  ])('explains a command: %s %s', async (...args) => {
    expect(await run(...args)).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: millrace scale'),
    })
  })

  it('has help that fits a terminal of 84 columns', async () => {
    const commands = ['flow', 'executor', 'gateway', 'ping', 'ps', 'scale', 'export']
    const pages = await Promise.all([run('help'), ...commands.map((name) => run('help', name))])
    const lines = pages.flatMap(({ out }) => out.split('\n'))
    expect(lines.filter((line) => line.length > 84)).toEqual([])
  })

  it('tells its version', async () => {
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    [['sclae'], "There is no command 'sclae'. Did you mean 'scale'? See 'millrace --help'."],
    [
      ['help', 'x'],
      "There is no command 'x'. Commands: flow, executor, gateway, ping, ps, scale, export, help. See 'millrace --help'.",
    ],
    [['ps', '--jsn'], "There is no option 'jsn'. Did you mean --json? See 'millrace help ps'."],
    [['ps', 'shop'], "'shop' is one argument too many. See 'millrace help ps'."],
    [['scale', 'upper'], "N is missing. See 'millrace help scale'."],
    [['scale', 'upper', '-2'], /See 'millrace help scale'\.$/],
    [['scale', 'upper', '2.5'], "N must be a whole number, not '2.5'. See 'millrace help scale'."],
    [['flow'], "FILE is missing. See 'millrace help flow'."],
    [
      ['flow', 'flow.yml', '--port', 'x'],
      "--port must be a whole number, not 'x'. See 'millrace help flow'.",
    ],
    [
      ['flow', 'flow.yml', '--context', 'x'],
      "--context must be NAME=VALUE, not 'x'. See 'millrace help flow'.",
    ],
    [['export', 'shema'], "There is no export 'shema'. Did you mean 'schema'? See 'millrace help export'."],
    [['export', 'flowchart'], "IN is missing. See 'millrace help export'."],
    [['export', 'schema', 'a', 'b'], "'b' is one argument too many. See 'millrace help export'."],
    [
      ['export'],
      "KIND is missing. Kinds: kubernetes, docker-compose, dockerfile, flowchart, schema. See 'millrace help export'.",
    ],
    [['ps', '--flow'], /^Option '--flow <value>' argument missing\. See/],
  ])('refuses %j with one sentence and exit code 2', async (args, complaint) => {
    const outcome = await run(...args)
    expect(outcome).toMatchObject({ code: 2, out: '' })
    expect(outcome.complaint).toMatch(complaint)
  })

  it('exports the schema of YAML files', async () => {
    const { code, out } = await run('export', 'schema')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      title: 'Flow',
      properties: { jtype: { enum: ['Flow', 'Deployment'] } },
    })
  })

  it('fails with exit code 1 when there is no such YAML file', async () => {
    expect(await run('flow', 'nowhere.yml')).toMatchObject({
      code: 1,
      complaint: expect.stringContaining('There is no file "nowhere.yml"') as string,
    })
  })

  it('fails with exit code 1 when the Flow is not there', async () => {
    const outcome = await run('ps', '--flow', '/nowhere/flow-1.sock')
    expect(outcome.code === 1 ? outcome.complaint : outcome.out).toContain('/nowhere/flow-1.sock')
  })
})
