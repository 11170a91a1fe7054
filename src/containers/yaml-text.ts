/** One or more values as a YAML text that a reader of YAML 1.1 and one of 1.2 understand in the same way. */
export async function yamlText(...documents: readonly unknown[]): Promise<string> {
  // only whoever exports loads it
  const { stringify } = await import('yaml')
  return documents
    .map((document) =>
      stringify(document, { compat: 'yaml-1.1', aliasDuplicateObjects: false, lineWidth: 0 }),
    )
    .join('---\n')
}
