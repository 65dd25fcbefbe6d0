import { U128, label, must } from './form.mjs';

const least = (values) => values.reduce((a, b) => (a < b ? a : b));
const sum = (values) => values.reduce((a, b) => a + b, 0n);

/** Everything that an operator's counted stake ever was, and what follows from it by looking at all of it. */
function look(history, cycle) {
  const before = history.filter((one) => one.cycle < cycle);
  const during = history.filter((one) => one.cycle === cycle);
  const start = before.length === 0 ? 0n : before.at(-1).counted;
  return { floor: least([start, ...during.map((one) => one.counted)]), jailed: during.some((one) => one.jailed) };
}

function read(steps, count, operators, cycle) {
  const done = steps.slice(0, count);
  must(done.every((one) => one.cycle <= cycle), 'a read of the past');
  const histories = Array.from({ length: operators }, (_, i) => done.filter((one) => one.operator === i));
  const now = histories.map((one) => look(one, cycle));
  const previous = histories.map((one) => (cycle === 0n ? { floor: 0n } : look(one, cycle - 1n)));
  return {
    after_step: count,
    cycle,
    operators: now.map((one, i) => ({ floor: one.floor, floor_prev: one.jailed ? 0n : previous[i].floor })),
    total: {
      value: sum(histories.map((one) => one.at(-1)?.counted ?? 0n)),
      floor: sum(now.map((one) => one.floor)),
      floor_prev: sum(previous.map((one) => one.floor)),
    },
  };
}

/** Reads once before the first step; after every step in its cycle, a few later ones and that of the next step. */
function trace(name, operators, steps, ahead = 2n) {
  const jailed = new Set();
  const reads = [read(steps, 0, operators, steps[0].cycle)];
  steps.forEach((one, i) => {
    must(i === 0 || steps[i - 1].cycle <= one.cycle, `${name}: time runs backwards`);
    must(!one.jailed || (one.counted === 0n && !jailed.has(one.operator)), `${name}: a jailing that cannot be`);
    if (one.jailed) jailed.add(one.operator);
    else if (one.counted > 0n) jailed.delete(one.operator);
    const next = steps[i + 1]?.cycle ?? one.cycle + ahead;
    const cycles = new Set([next]);
    for (let at = one.cycle; at <= one.cycle + ahead && at <= next; at += 1n) cycles.add(at);
    for (const at of [...cycles].sort((a, b) => (a < b ? -1 : 1))) reads.push(read(steps, i + 1, operators, at));
  });
  return { name, steps, reads };
}

const step = (cycle, operator, counted, jailed = false) => ({ cycle: BigInt(cycle), operator, counted: BigInt(counted), jailed });
const jail = (cycle, operator) => step(cycle, operator, 0, true);

/** A long trace whose every choice comes from a label. */
function random(number) {
  const dice = label(`trace ${number}`, 4096);
  let at = 2;
  const roll = (sides) => {
    const value = parseInt(dice.slice(at, at + 4), 16);
    at += 4;
    return value % sides;
  };
  const operators = 2 + roll(3);
  const state = Array.from({ length: operators }, () => ({ counted: 0n, jailed: false }));
  const steps = [];
  let cycle = BigInt(roll(3));
  for (let i = 0; i < 24; i += 1) {
    cycle += [0n, 0n, 0n, 1n, 1n, 1n, 2n, 5n][roll(8)];
    const who = roll(operators);
    const one = state[who];
    if (one.counted > 0n && roll(6) === 0) {
      state[who] = { counted: 0n, jailed: true };
      steps.push(jail(cycle, who));
      continue;
    }
    const most = Number(one.counted);
    const counted = one.counted === 0n || roll(2) === 0 ? most + 1 + roll(100) : roll(most + 1);
    state[who] = { counted: BigInt(counted), jailed: false };
    steps.push(step(cycle, who, counted));
  }
  return trace(`random trace ${number}`, operators, steps, 1n);
}

export default function make() {
  const half = U128 / 2n;
  const cases = [
    trace('registered in cycle 0', 1, [step(0, 0, 100)]),
    trace('registered in cycle 5', 1, [step(5, 0, 100)]),
    trace('one unit', 1, [step(1, 0, 1), step(3, 0, 0)]),
    trace('the largest amount', 1, [step(1, 0, U128), step(2, 0, U128 - 1n), step(2, 0, U128)]),
    trace('two that fill 128 bits', 2, [step(1, 0, half), step(1, 1, U128 - half), step(2, 0, 0), step(3, 1, 0)]),
    trace('an increase never raises a floor', 1, [step(1, 0, 100), step(2, 0, 150), step(2, 0, 200), step(3, 0, 300)]),
    trace('a decrease lowers the floor at once', 1, [step(1, 0, 100), step(2, 0, 60), step(3, 0, 50)]),
    trace('increase, then decrease above the floor', 1, [step(1, 0, 100), step(3, 0, 500), step(3, 0, 200)]),
    trace('increase, then decrease below the floor', 1, [step(1, 0, 100), step(3, 0, 500), step(3, 0, 40)]),
    trace('decrease, then increase', 1, [step(1, 0, 100), step(3, 0, 40), step(3, 0, 500), step(3, 0, 70), step(3, 0, 10), step(3, 0, 600)]),
    trace('out and in again within a cycle', 1, [step(1, 0, 100), step(3, 0, 0), step(3, 0, 100)]),
    trace('skipped cycles', 1, [step(1, 0, 100), step(9, 0, 80), step(20, 0, 300), step(21, 0, 250), step(1000, 0, 1)]),
    trace('touched in every cycle', 1, [step(1, 0, 10), step(2, 0, 20), step(3, 0, 15), step(4, 0, 30), step(5, 0, 25)]),
    trace('a step that changes nothing', 1, [step(1, 0, 100), step(2, 0, 100), step(5, 0, 100)]),
    trace('two operators, one moves', 2, [step(1, 0, 100), step(1, 1, 50), step(3, 0, 30), step(4, 0, 90), step(6, 0, 10)]),
    trace('a late operator', 2, [step(1, 0, 100), step(4, 1, 70), step(4, 1, 60), step(5, 1, 65)]),
    trace('one rises as the other falls', 2, [step(1, 0, 100), step(1, 1, 100), step(3, 0, 20), step(3, 1, 180), step(3, 1, 150), step(4, 0, 100)]),
    trace('jailed in the cycle of registration', 1, [step(2, 0, 100), jail(2, 0)]),
    trace('jailed in the cycle after', 2, [step(2, 0, 100), step(2, 1, 40), jail(3, 0)]),
    trace('jailed later', 2, [step(2, 0, 100), step(2, 1, 40), jail(7, 0)]),
    trace('jailed after an increase', 2, [step(2, 0, 100), step(2, 1, 40), step(5, 0, 300), jail(5, 0)]),
    trace('jailed after a decrease', 2, [step(2, 0, 100), step(2, 1, 40), step(5, 0, 30), jail(5, 0)]),
    trace('jailed one cycle after a decrease', 2, [step(2, 0, 100), step(2, 1, 40), step(5, 0, 30), jail(6, 0)]),
    trace('the other moves after the jailing', 2, [step(2, 0, 100), step(2, 1, 40), jail(5, 0), step(5, 1, 10), step(6, 1, 90)]),
    trace('both jailed in one cycle', 2, [step(2, 0, 100), step(2, 1, 40), jail(5, 0), jail(5, 1)]),
    trace('jailed one after the other', 2, [step(2, 0, 100), step(2, 1, 40), jail(5, 0), jail(6, 1)]),
    trace('unjailed in the same cycle', 2, [step(2, 0, 100), step(2, 1, 40), jail(5, 0), step(5, 0, 95)]),
    trace('unjailed in the next cycle', 2, [step(2, 0, 100), step(2, 1, 40), jail(5, 0), step(6, 0, 95)]),
    trace('unjailed much later', 2, [step(2, 0, 100), step(2, 1, 40), jail(5, 0), step(30, 0, 95), step(31, 0, 50)]),
    trace('jailed, unjailed and jailed again', 2, [step(2, 0, 100), step(2, 1, 40), jail(5, 0), step(6, 0, 95), jail(7, 0), step(8, 0, 20), jail(8, 0), step(9, 0, 5)]),
    trace('jailed with a full cycle of stake behind, others rise', 3, [step(1, 0, 100), step(1, 1, 100), step(1, 2, 100), step(4, 1, 200), jail(4, 0), step(4, 2, 50), step(5, 2, 500)]),
  ];
  for (let i = 1; i <= 10; i += 1) cases.push(random(i));
  return {
    about:
      'Traces of counted stake and what is read along the way, found by keeping everything and taking minima. `counted` is the absolute stake after the step; a read happens in `cycle` once `after_step` steps are done (0: before the first), and changes nothing. A total\'s floor_prev is what its floor was at the end of the previous cycle: a jailing in the cycle of the read does not lower it.',
    cases,
  };
}
