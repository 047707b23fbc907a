/** The two distributions that core reads quantiles from; the rest of jStat is not accurate enough (docs: facts of 1.9.6). */
declare module 'jstat' {
  const jStat: {
    readonly normal: { inv(p: number, mean: number, sd: number): number }
    readonly studentt: { inv(p: number, df: number): number; cdf(t: number, df: number): number }
  }
  export default jStat
}
