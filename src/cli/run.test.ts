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
    expect(out).toMatch(/ps .*\n.*top .*\n.*dashboard .*\n.*scale /)
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

  /** With more options than fit, which containers and supervisors use. */
  const long = ['executor', 'gateway']
  const all = [
    'new',
    'dev',
    'flow',
    ...long,
    'call',
    'ping',
    'bench',
    'ps',
    'top',
    'scale',
    'profile',
    'export',
    'doctor',
    'completion',
  ]
  const helpOf = async (...command: readonly string[]): Promise<readonly string[]> =>
    (await run('help', ...command)).out.trimEnd().split('\n')

  it.each([[], ...all.map((name) => [name])])('has help that fits a screen: %s', async (...command) => {
    const lines = await helpOf(...command)
    expect(lines.length).toBeLessThanOrEqual(24)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })

  it.each(long)('has all options of %s when asked for them, no wider than 84 columns', async (command) => {
    const lines = await helpOf(command, 'all')
    expect(lines.length).toBeGreaterThan(24)
    expect(lines.filter((line) => line.length > 84)).toEqual([])
    expect((await run(command, '--help', 'all')).out.trimEnd().split('\n')).toEqual(lines)
  })

  it('tells its version', async () => {
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    [['sclae'], "There is no command 'sclae'. Did you mean 'scale'? See 'millrace --help'."],
    [
      ['help', 'x'],
      /^There is no command 'x'\. Commands: new, dev, .*, completion, help\. See 'millrace --help'\.$/,
    ],
    [['ps', '--jsn'], "There is no option 'jsn'. Did you mean --json? See 'millrace help ps'."],
    [['ps', '--watch', '--interval', '9'], "--interval must be 100 or more, not 9. See 'millrace help ps'."],
    [['ps', '--interval', '500'], "--interval is for --watch. See 'millrace help ps'."],
    [['bench'], "ENDPOINT is missing. See 'millrace help bench'."],
    [
      ['bench', '/', '--rate', '5', '--concurrency', '2'],
      "Say --concurrency or --rate, not both. See 'millrace help bench'.",
    ],
    [['bench', '/', '--rate', '0'], "--rate must be from 1 to 1000000, not 0. See 'millrace help bench'."],
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
    [['new'], "NAME is missing. See 'millrace help new'."],
    [
      ['new', 'shop', '--template', 'serch'],
      "There is no template 'serch'. Did you mean 'search'? See 'millrace help new'.",
    ],
    [['new', 'Shop'], /^NAME must be lower-case letters, .* not 'Shop'\. See/],
    [['new', '../millrace'], /^NAME must .* not be millrace; not 'millrace'\. See/],
    [['new', 'package.json'], /^NAME must be lower-case letters, .* not 'package\.json'\. See/],
    [['call'], "ENDPOINT is missing. See 'millrace help call'."],
    [
      ['call', '/', '--host', 'grpc://127.0.0.1:1', '--flow', 'shop'],
      "Say --host or --flow, not both. See 'millrace help call'.",
    ],
    [
      ['call', '/', 'text', '--data', '{}'],
      "Give texts, --data or --file, and not several of them. See 'millrace help call'.",
    ],
    [['call', '/', '--data', '{"text": 1}'], /^--data: document 0: .*text.* See 'millrace help call'\.$/],
    [
      ['call', '/', '--data', 'water\nfire'],
      /^--data must be a document in JSON, .* line 1 is no JSON: water See/,
    ],
    [['call', '/', '--data', '@no-such-file'], /^--data: no-such-file cannot be read: ENOENT/],
    [['call', '/', '--file', 'no-such-file'], /^--file: no-such-file cannot be read: ENOENT/],
    [
      ['call', '/', '--stream', 'a', 'b'],
      "--stream sends one document, and there are 2. See 'millrace help call'.",
    ],
    [
      ['call', '/', '--stream', '--responses', 'a'],
      "--responses is not for --stream, which has documents only. See 'millrace help call'.",
    ],
    [['call', '/', '--parameters', '[1]'], /^--parameters must be a JSON object/],
    [['call', '/', 'a', '--token-env', 'NO_SUCH_TOKEN'], /^--token-env: there is no environment variable/],
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
