/** Node's flags that determine how modules are found, loaded and reported. */
const loading =
  /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--enable-source-maps|--experimental-strip-types|--experimental-transform-types|--no-experimental-strip-types|--no-warnings|--disable-warning)(?:=|$)/

/**
 * The option `execArgv` of a thread that runs a file. A thread inherits the flags of its program, but Node refuses flags that
 * declare the kind of a program from the command line or standard input (`--input-type`). In that case only flags about
 * loading modules are passed, because Node refuses a list with flags that concern the whole process.
 *
 * @param flags `process.execArgv`
 */
export function threadFlags(flags: readonly string[]): { readonly execArgv?: string[] } {
  if (!flags.some((flag) => flag.startsWith('--input-type'))) return {}
  const execArgv = flags.filter((flag, index) =>
    flag.startsWith('-')
      ? loading.test(flag)
      : loading.test(flags[index - 1] ?? '') && !flags[index - 1]?.includes('='),
  )
  return { execArgv }
}
