import { type ParseArgsConfig, parseArgs } from 'node:util'
import { nearest } from '../lib/nearest.js'
import { UsageError } from './usage-error.js'

type Options = NonNullable<ParseArgsConfig['options']>

type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true; args: string[] }>
>

/** Parses the arguments of a command. @throws UsageError */
export function parseArguments<const O extends Options>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(explain(error as NodeJS.ErrnoException, Object.keys(options)))
  }
}

/** Positional arguments by name. @throws UsageError when there are more, or fewer. */
export function positional<const Names extends readonly string[]>(
  given: readonly string[],
  ...names: Names
): { readonly [K in keyof Names]: string } {
  const missing = names[given.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing.`)
  if (given.length > names.length) throw new UsageError(`'${given[names.length]}' is one argument too many.`)
  return given as unknown as { readonly [K in keyof Names]: string }
}

function explain(error: NodeJS.ErrnoException, known: readonly string[]): string {
  const [, option] = /'--?([^' ]+)/.exec(error.message) ?? []
  if (error.code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || option === undefined) {
    return `${error.message.split('. ')[0]}.`
  }
  const hint = nearest(option, known)
  const advice =
    hint === undefined
      ? `Options: ${known.map((name) => `--${name}`).join(', ')}.`
      : `Did you mean --${hint}?`
  return `There is no option '${option}'. ${advice}`
}
