import { U128, U64, must } from './form.mjs';

const sum = (values) => values.reduce((a, b) => a + b, 0n);

/** Rounded up by counting whole parts and the remainder, in integers of any size. */
function lost(amount, bps) {
  const product = amount * bps;
  return product / 10_000n + (product % 10_000n === 0n ? 0n : 1n);
}

function slash(active, queue, bps) {
  if (bps > 10_000n) return { refused: 'Bps' };
  const taken_active = lost(active, bps);
  const taken_queue = queue.map((amount) => lost(amount, bps));
  const taken = taken_active + sum(taken_queue);
  if (taken > U128) return { refused: 'Overflow' };
  const left_queue = queue.map((amount, i) => amount - taken_queue[i]);
  must(left_queue.every((amount) => amount >= 0n) && active >= taken_active, 'more was taken than there was');
  const bounty = taken / 20n;
  must(bounty * 20n <= taken && taken < (bounty + 1n) * 20n, 'the bounty is not rounded down');
  const left_active = active - taken_active;
  return { taken_active, taken_queue, taken, bounty, left_active, left_queue, left_queued: sum(left_queue) };
}

export default function make() {
  const inputs = [];
  const add = (name, active, queue, slash_bps) => inputs.push({ name, active, queue, slash_bps });
  for (const bps of [0n, 1n, 500n, 9_999n, 10_000n]) {
    for (const [what, active] of [['nothing', 0n], ['one unit', 1n], ['the largest amount', U128]]) {
      add(`${what} active, empty queue, ${bps} bps`, active, [], bps);
    }
  }
  for (const [bps, step] of [[500n, 20n], [1n, 10_000n], [9_999n, 10_000n], [3_333n, 10_000n], [2_500n, 4n]]) {
    for (const amount of [step - 1n, step, step + 1n, 7n * step - 1n, 7n * step, 7n * step + 1n]) {
      add(`${amount} active around a multiple of ${step}, ${bps} bps`, amount, [], bps);
    }
  }
  add('largest 64-bit amount, 1 bps', U64, [], 1n);
  add('one above 64 bits, 9999 bps', U64 + 1n, [], 9_999n);
  add('each part is rounded by itself', 1n, [1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n], 1n);
  add('rounding the sum instead would take 1 less', 10_001n, [9_999n], 5_000n);
  add('empty entries stay in place', 1_000n, [0n, 40n, 0n, 60n], 500n);
  add('nothing active, all of it thawing', 0n, [100n, 200n, 300n], 500n);
  add('nothing at all with entries', 0n, [0n, 0n], 10_000n);
  add('a full queue with everything taken', 10n, [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n], 10_000n);
  add('largest amount thawing in one entry', 0n, [U128], 9_999n);
  add('halves that fill 128 bits exactly', 2n ** 127n, [2n ** 127n - 1n], 10_000n);
  for (const [taken, bounty] of [[19n, 0n], [20n, 1n], [21n, 1n], [39n, 1n], [40n, 2n]]) {
    add(`a slash of ${taken} pays a bounty of ${bounty}`, taken, [], 10_000n);
  }
  add('usual stake, 5 percent', 32_000n * 10n ** 18n + 7n, [5_000n * 10n ** 18n + 1n, 123_456_789n], 500n);

  const cases = inputs.map((one) => {
    const result = slash(one.active, one.queue, one.slash_bps);
    must(result.refused === undefined, `${one.name}: ${result.refused}`);
    return { ...one, ...result };
  });
  const refusals = [
    ['10001 bps', 100n, [], 10_001n],
    ['10001 bps of nothing', 0n, [], 10_001n],
    ['the largest rate', 100n, [50n], 65_535n],
    ['a rate too high and a sum too large', U128, [1n], 10_001n],
    ['one unit too much in the queue', U128, [1n], 10_000n],
    ['the active part is the unit too much', 1n, [U128], 10_000n],
    ['two entries that overflow together', 0n, [2n ** 127n, 2n ** 127n], 10_000n],
  ];
  return {
    about:
      'What a slash takes: each part by itself loses ceil(x * slash_bps / 10000), `taken` is the sum, the bounty is floor(taken / 20). `left_queued` is the sum of `left_queue`. Refusals are checked in the order Bps (above 10000), Overflow (`taken` needs more than 128 bits).',
    cases,
    refused: refusals.map(([name, active, queue, slash_bps]) => {
      const { refused } = slash(active, queue, slash_bps);
      must(refused !== undefined, `${name} is not refused`);
      return { name, active, queue, slash_bps, refused };
    }),
  };
}
