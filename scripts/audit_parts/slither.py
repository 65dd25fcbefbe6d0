"""Every finding of slither in contracts/src is answered in contracts/audit/slither.toml, and every answer has a finding.

A finding is known by its detector and the element it is about, so that moving code changes nothing.
"""

import json
import shutil
import sys
import tomllib

from . import foundry

ANSWERS = "audit/slither.toml"
KEYS = {"detector", "elements", "reason"}


def main():
    findings = found()
    answers = dict(answered())
    for key in sorted(findings):
        verdict = answers.get(key, "NOT ANSWERED")
        print(f"{key[0]}  {key[1]}\n    {verdict}")
        if key not in answers:
            print(f"    {findings[key]}")
    gone = sorted(set(answers) - set(findings))
    for detector, element in gone:
        print(f"{detector}  {element}\n    ANSWERED, BUT NO LONGER FOUND: remove it from contracts/{ANSWERS}")
    open_ = set(findings) - set(answers)
    print(f"{len(findings) - len(open_)} passed, {len(open_) + len(gone)} failed")
    return 1 if open_ or gone else 0


def found():
    """(detector, element) of every finding, with slither's own words."""
    place = foundry.CACHE / "audit" / "slither"
    # slither reads every compilation that lies there, old ones too.
    shutil.rmtree(place, ignore_errors=True)
    env = foundry.environment("slither", FOUNDRY_PROFILE="plain", FOUNDRY_BUILD_INFO_PATH=str(place / "out/build-info"))
    foundry.build(env, "src", "--ast", "--build-info")
    report = place / "report.json"
    done = foundry.run(
        ["slither", ".", "--ignore-compile", "--foundry-out-directory", place / "out", "--filter-paths", "node_modules",
         "--json", report], env,
    )
    if not report.is_file() or not json.loads(report.read_text("utf-8"))["success"]:
        print(done.stdout)
        foundry.fail("slither did not run", "see above")
    results = json.loads(report.read_text("utf-8"))["results"].get("detectors", [])
    return {(result["check"], element(result["elements"])): result["description"].strip() for result in results}


def element(elements):
    """`Contract.function(types)`, `Contract.variable` or, for what belongs to no contract, the file."""
    if not elements:
        return "-"
    first = elements[0]
    fields = first.get("type_specific_fields", {})
    own = fields.get("signature") or first["name"]
    parent = fields.get("parent")
    if first["type"] in ("pragma", "node"):
        own = first["source_mapping"]["filename_relative"]
        return own if not parent else element([parent])
    return own if not parent or parent["type"] == "file" else f"{element([parent])}.{own}"


def answered():
    for number, answer in enumerate(tomllib.loads((foundry.CONTRACTS / ANSWERS).read_text("utf-8")).get("answer", []), 1):
        if set(answer) != KEYS or not answer["reason"].strip():
            foundry.fail(f"contracts/{ANSWERS}: answer {number} is not whole", f"its keys are {', '.join(sorted(KEYS))}")
        for name in answer["elements"]:
            yield (answer["detector"], name), answer["reason"]


if __name__ == "__main__":
    sys.exit(main())
