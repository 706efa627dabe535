/**
 * What tests that go by chance begin with. It is the same in each run, so that a run says something of the change and not of
 * the hour; `TEST_SEED=n` tries another one. Tests name it where they fail, so that it can be repeated.
 */
export const TEST_SEED = Number(process.env.TEST_SEED ?? 20240229)
