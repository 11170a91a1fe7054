import { parseArgs } from 'node:util'
import { nearest } from '../lib/nearest.js'
import type { CommandOptions } from './command.js'
import { UsageError } from './usage-error.js'

type Parsed<O extends CommandOptions> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true; args: string[] }>
>

/** Parses the arguments of a command. @throws UsageError */
export function parseArguments<const O extends CommandOptions>(
  args: readonly string[],
  options: O,
): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(explain(error as NodeJS.ErrnoException, Object.keys(options)))
  }
}

/**
 * Repeats the name of an option before each of its values, so that `--port 1 2` reads as `--port 1 --port 2`: Jina's form of
 * lists. Only for commands without positional arguments.
 */
export function expandLists(args: readonly string[], lists: readonly string[]): readonly string[] {
  let list: string | undefined
  return args.flatMap((arg, index) => {
    if (arg.startsWith('-')) {
      list = lists.find((name) => arg === `--${name}`)
      return [arg]
    }
    const isFirst = index > 0 && args[index - 1] === `--${list}`
    return list === undefined || isFirst ? [arg] : [`--${list}`, arg]
  })
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
