"""Every check by name: a function from a Tree to its complaints."""

from . import code, core_purity, crates, documents, generated, sizes

CHECKS = {
    "crate-directions": crates.directions,
    "program-directions": crates.program_directions,
    "core-dependencies": crates.core_dependencies,
    "core-surface": core_purity.surface,
    "core-purity": core_purity.purity,
    "file-size": sizes.file_size,
    "document-paths": documents.paths,
    "document-commands": documents.commands,
    "architecture-length": documents.architecture_length,
    "decision-numbers": documents.decision_numbers,
    "banned-names": code.banned_names,
    "mod-files": code.mod_files,
    "todo": code.todo,
    "lint-exceptions": code.lint_exceptions,
    "unwrap": code.unwrap,
    "registry-hosts": generated.registry_hosts,
    "vector-checksums": generated.vector_checksums,
    "copies": generated.copies,
    "planted-bugs": generated.planted_bugs,
}
