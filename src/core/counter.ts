/** How often each key came. */
export class Counter {
  private readonly counts = new Map<string, number>()
  constructor(keys: readonly string[] = []) {
    for (const key of keys) this.add(key)
  }
  add(key: string, by = 1): void {
    this.counts.set(key, this.of(key) + by)
  }
  of(key: string): number {
    return this.counts.get(key) ?? 0
  }
}
