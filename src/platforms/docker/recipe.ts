import type { ContainerSpec } from '../../docker-engine/container-spec.js'
import type { ContainerFile } from '../../docker-engine/tar.js'

/** How to create a container, as plain data. Each replica carries it in a label, so that any program can create more replicas. */
export interface Recipe {
  readonly spec: Omit<ContainerSpec, 'name' | 'labels'>
  /** Files for `/etc/millrace`. */
  readonly files: readonly ContainerFile[]
  readonly graceMs: number
  readonly timeoutReadyMs: number
}

/** The recipe with other constructor options, which replace those in its file and its arguments. */
export async function withOptions(
  recipe: Recipe,
  usesWith: Readonly<Record<string, unknown>>,
): Promise<Recipe> {
  const { parse, stringify } = await import('yaml')
  const files = recipe.files.map((file) => {
    const { with: _, ...rest } = parse(file.text) as Record<string, unknown>
    return { ...file, text: stringify(rest) }
  })
  const command = withArgument(recipe.spec.command ?? [], '--uses-with', JSON.stringify(usesWith))
  return { ...recipe, files, spec: { ...recipe.spec, command } }
}

function withArgument(args: readonly string[], option: string, value: string): readonly string[] {
  const at = args.indexOf(option)
  return [...(at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)]), option, value]
}
