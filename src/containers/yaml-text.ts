/** Writes values as YAML documents that parsers of YAML 1.1 and 1.2 read alike. */
export async function yamlText(...documents: readonly unknown[]): Promise<string> {
  // loaded on demand: only exports need it
  const { stringify } = await import('yaml')
  return documents
    .map((document) =>
      stringify(document, { compat: 'yaml-1.1', aliasDuplicateObjects: false, lineWidth: 0 }),
    )
    .join('---\n')
}
