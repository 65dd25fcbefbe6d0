"""Decides one question of halmos: prints `sat` with an example, or `unsat`.

Most questions are decided at once by yices, bit by bit. What is left is about products and quotients, which takes it hours;
asked about integers, cvc5 knows in a moment.
"""

import subprocess
import sys

import cvc5

QUICK_SECONDS = 2


def main(path):
    answer = by_bits(path)
    print(answer if answer.startswith(("sat", "unsat")) else by_integers(path))


def by_bits(path):
    command = ["yices-smt2", "--smt2-model-format", "--bvconst-in-decimal", path]
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=QUICK_SECONDS).stdout
    except subprocess.TimeoutExpired:
        return ""


def by_integers(path):
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("solve-bv-as-int", "iand")
    solver.setOption("produce-models", "true")
    # The logic that halmos names has no integers.
    with open(path, encoding="utf-8") as file:
        question = file.read().replace("(set-logic QF_AUFBV)", "(set-logic ALL)")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, question, path)
    answers = []
    while not (command := parser.nextCommand()).isNull():
        answers.append(str(command.invoke(solver, parser.getSymbolManager())))
    return "".join(answers)


if __name__ == "__main__":
    main(sys.argv[1])
