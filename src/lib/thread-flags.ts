/** Flags of Node by which modules are found, loaded and reported. */
const loading =
  /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--enable-source-maps|--experimental-strip-types|--experimental-transform-types|--no-experimental-strip-types|--no-warnings|--disable-warning)(?:=|$)/

/**
 * The option `execArgv` of a thread that runs a file. A thread inherits the flags of its program, but Node refuses those that say
 * what kind of program was typed in or piped in (`--input-type`). Then only flags that load modules are passed: Node takes
 * no list in which one concerns the whole process.
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
