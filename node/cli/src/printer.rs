//! The one place that prints.

use std::fmt::Display;
use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde::Serialize;

use crate::exit::Failure;
use crate::flags::Flags;

/// Prints data to stdout, as JSON if that was asked for, and words to stderr.
#[derive(Debug)]
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// The result of a command: for programs `value`, for people `text`.
    pub(crate) fn result(&self, value: &impl Serialize, text: impl Display) {
        if self.json {
            let json = serde_json::to_string_pretty(value).expect("results have text keys and no failing parts");
            out(&format_args!("{json}\n"));
        } else {
            out(&format_args!("{text}\n"));
        }
    }

    /// One line of JSON about something that happened, for whoever reads along.
    pub(crate) fn event(&self, value: &impl Serialize) {
        if self.json {
            let json = serde_json::to_string(value).expect("events have text keys and no failing parts");
            out(&format_args!("{json}\n"));
        }
    }

    /// What goes on, for whoever waits.
    #[expect(clippy::print_stderr, reason = "this is the one place that prints")]
    pub(crate) fn say(&self, words: impl Display) {
        eprintln!("{words}");
    }

    #[expect(clippy::print_stderr, reason = "this is the one place that prints")]
    pub(crate) fn warn(&self, words: impl Display) {
        eprintln!("warning: {words}");
    }

    #[expect(clippy::print_stderr, reason = "this is the one place that prints")]
    pub(crate) fn failure(&self, failure: &Failure) {
        eprintln!("error: {}", failure.text);
        if let Some(hint) = &failure.hint {
            eprintln!("hint: {hint}");
        }
    }

    pub(crate) fn completions(&self, shell: Shell) {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Flags::command(), "williw", &mut script);
        out(&String::from_utf8_lossy(&script));
    }
}

/// Writes to stdout. Whoever reads it may have had enough, as `head` has; that is no failure of the command.
fn out(text: &impl Display) {
    let mut stdout = io::stdout().lock();
    let _reader_left = write!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Columns under headings, as wide as they have to be.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let head = line(&mut headings.iter().copied());
    let body = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    std::iter::once(head).chain(body).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_stand_under_their_headings() {
        let rows = [vec!["a".to_owned(), "long cell".to_owned()], vec!["also long".to_owned(), String::new()]];
        assert_eq!(table(&["one", "two"], &rows), "one        two\na          long cell\nalso long");
    }
}
