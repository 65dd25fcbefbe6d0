"""Decides one question of halmos: prints `sat` with an example, or `unsat`.

Most questions yices decides at once, bit by bit. Others are about products and quotients, which takes it hours; asked about
integers, cvc5 knows many of them in a moment. Neither is better at all of them, so a question that lasts is asked of both,
and the first answer counts.
"""

import concurrent.futures
import subprocess
import sys

QUICK_SECONDS = 2
INTEGERS = "--integers"


def main(path):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        asked = [start(["yices-smt2", "--smt2-model-format", "--bvconst-in-decimal", path])]
        answers = [pool.submit(asked[0].communicate)]
        concurrent.futures.wait(answers, QUICK_SECONDS)
        if not answers[0].done() or not is_answer(answers[0]):
            asked.append(start([sys.executable, __file__, INTEGERS, path]))
            answers.append(pool.submit(asked[1].communicate))
        for answer in concurrent.futures.as_completed(answers):
            if is_answer(answer):
                print(answer.result()[0])
                break
        for process in asked:
            process.kill()


def start(command):
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def is_answer(answer):
    return answer.result()[0].startswith(("sat", "unsat"))


def by_integers(path):
    import cvc5  # takes longer to load than most questions take

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("solve-bv-as-int", "iand")
    solver.setOption("produce-models", "true")
    # The logic that halmos names has no integers.
    with open(path, encoding="utf-8") as file:
        question = file.read().replace("(set-logic QF_AUFBV)", "(set-logic ALL)")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, question, path)
    while not (command := parser.nextCommand()).isNull():
        print(command.invoke(solver, parser.getSymbolManager()), end="")


if __name__ == "__main__":
    if sys.argv[1] == INTEGERS:
        by_integers(sys.argv[2])
    else:
        main(sys.argv[1])
