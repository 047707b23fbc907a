/** Every value that some `enum` of a schema lists: what a wrong label can be drawn from. */
export const enumsOf = (schema: unknown): unknown[] => {
  if (typeof schema !== 'object' || schema === null) return []
  const own = (schema as { enum?: unknown }).enum
  return [...(Array.isArray(own) ? own : []), ...Object.values(schema).flatMap(enumsOf)]
}
