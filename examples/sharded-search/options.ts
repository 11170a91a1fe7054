import { parseArgs } from 'node:util'

/** The help text of an example that runs as `npm run COMMAND`. */
export function helpOf(command: string, does: string): string {
  return `Usage: npm run ${command} -- [options]

${does}

  --documents N   how many posts (default 2000)
  --corpus FILE   texts of your own: one JSON string or {"text": …} a line
  --generated     the built-in corpus, without looking for 20newsgroups
  --help          this text
`
}

export interface ExampleOptions {
  readonly documents: number
  readonly corpus: string | undefined
  readonly generated: boolean
  readonly help: boolean
}

/** The command line is invalid; the message says which part. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Throws a UsageError. */
export function parseOptions(args: readonly string[]): ExampleOptions {
  const { documents, ...values } = parse(args)
  if (!/^[1-9]\d{1,6}$/.test(documents)) {
    throw new UsageError(`--documents: expected a whole number from 10, came '${documents}'`)
  }
  return {
    documents: Number(documents),
    corpus: values.corpus,
    generated: values.generated,
    help: values.help,
  }
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- derived from the table of options
function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        documents: { type: 'string', default: '2000' },
        corpus: { type: 'string' },
        generated: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    // cut off its advice on positional arguments, which do not exist here
    throw new UsageError((error as Error).message.split(/\. |\n/)[0], { cause: error })
  }
}
