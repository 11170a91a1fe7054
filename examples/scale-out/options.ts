import { parseArgs } from 'node:util'

export const help = `Usage: npm start -- [options]

Sends 20newsgroups through a Flow with a fast and a slow Executor: with 1 replica of the slow one, with 2, and then
scaled to 3 and back to 1 while it runs.

  --replicas N         only this number of replicas
  --runtime KIND       process (default) or thread: where a replica runs
  --corpus FILE        texts of your own: one JSON string or {"text": …} a line
  --data FOLDER        a folder that has 20news-bydate.tar.gz, or what it unpacks to
  --generated          the built-in corpus, without looking for the real one
  --write-corpus FILE  only write the corpus, as {"text": …} lines
  --json               the result as JSON on standard output
  --help               this text
`

export interface ExampleOptions {
  readonly replicas: number | undefined
  readonly runtime: 'process' | 'thread'
  readonly corpus: string | undefined
  readonly data: string | undefined
  readonly generated: boolean
  readonly writeCorpus: string | undefined
  readonly json: boolean
  readonly help: boolean
}

/** The command line is invalid; the message says which part. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Throws a UsageError for an unknown option, an invalid value, or two corpora at once. */
export function parseOptions(args: readonly string[]): ExampleOptions {
  const values = parse(args)
  const { corpus, data, runtime = 'process' } = values
  const corpora = [
    corpus !== undefined && '--corpus',
    data !== undefined && '--data',
    values.generated && '--generated',
  ]
  const chosen = corpora.filter((name) => typeof name === 'string')
  if (chosen.length > 1) throw new UsageError(`expected one corpus, came ${chosen.join(' and ')}`)
  if (runtime !== 'process' && runtime !== 'thread') {
    throw new UsageError(`--runtime: expected process or thread, came '${runtime}'`)
  }
  return {
    replicas: values.replicas === undefined ? undefined : count('--replicas', values.replicas),
    runtime,
    corpus,
    data,
    generated: values.generated,
    writeCorpus: values['write-corpus'],
    json: values.json,
    help: values.help,
  }
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- derived from the table of options
function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        replicas: { type: 'string' },
        runtime: { type: 'string' },
        corpus: { type: 'string' },
        data: { type: 'string' },
        generated: { type: 'boolean', default: false },
        'write-corpus': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    // cut off its advice on positional arguments, which do not exist here
    throw new UsageError((error as Error).message.split(/\. |\n/)[0], { cause: error })
  }
}

function count(option: string, value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value))
    throw new UsageError(`${option}: expected a whole number from 1, came '${value}'`)
  return Number(value)
}
