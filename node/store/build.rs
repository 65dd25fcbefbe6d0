//! Says on what the queries and migrations depend beside the sources: a macro cannot.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../migrations");
    println!("cargo::rerun-if-changed=.sqlx");
    for name in ["DATABASE_URL", "SQLX_OFFLINE", "SQLX_OFFLINE_DIR"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
}
