/** A tool whose name has one of these words takes something away or writes over it. */
const destroying = new Set(
  'delete remove drop purge wipe erase destroy truncate overwrite replace write edit move rename update patch put clear reset cancel revoke'.split(
    ' ',
  ),
)

/** The tools that can destroy something, told from their names: `move_file`, `DeletePet`, `orders-cancel`. */
export const destructiveOf = (names: readonly string[]): string[] =>
  names.filter((name) =>
    name
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z]+/)
      .some((word) => destroying.has(word)),
  )

/** Destructive tools that an item shows and does not ask for. */
export const riskyTools = (
  item: {
    readonly menu: readonly string[]
    readonly truth: { readonly calls: readonly { readonly tools: readonly string[] }[] }
  },
  destructive: readonly string[] = [],
): string[] => {
  const wanted = item.truth.calls.flatMap(({ tools }) => tools)
  return item.menu.filter((name) => destructive.includes(name) && !wanted.includes(name))
}
