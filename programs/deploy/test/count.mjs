// The last line of a run, in the words that scripts/test counts.
export default async function* count(events) {
  let [passed, failed] = [0, 0];
  for await (const { type, data } of events) {
    // A file is no test.
    if (data?.details?.type === 'suite' || (data?.nesting === 0 && data?.name?.endsWith('.mjs'))) continue;
    if (type === 'test:pass') passed += 1;
    if (type === 'test:fail') failed += 1;
  }
  yield `${passed} passed, ${failed} failed\n`;
}
